// npm: @reduxjs/toolkit
import { configureStore, createSlice, createSelector, createAsyncThunk } from "@reduxjs/toolkit";
const load = createAsyncThunk("load", async x => x * 2);
const slice = createSlice({ name: "n", initialState: { v: 1, log: [] }, reducers: { add(s, a) { s.v += a.payload; s.log.push(a.type) } }, extraReducers: b => b.addCase(load.fulfilled, (s, a) => { s.v = a.payload }) });
const store = configureStore({ reducer: slice.reducer, devTools: false, middleware: g => g({ serializableCheck: false, immutableCheck: false }) });
store.subscribe(() => print(JSON.stringify(store.getState()))); store.dispatch(slice.actions.add(5)); store.dispatch(load(21)).then(a => print(a.type)); print(createSelector(s => s.v, v => v * 2)(store.getState()));
