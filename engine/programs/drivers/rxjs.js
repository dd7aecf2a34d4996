// npm: rxjs
import { of, from, merge, map, filter, scan, mergeMap, concatMap, toArray, Subject, BehaviorSubject, combineLatest, catchError, take, bufferCount } from "rxjs";
from([1, 2, 3, 4, 5]).pipe(filter(x => x % 2), scan((a, x) => a + x, 0), mergeMap(x => of(x, -x)), bufferCount(2), toArray()).subscribe(v => print(JSON.stringify(v)));
const s = new Subject(), b = new BehaviorSubject(0); combineLatest([s, b]).pipe(take(3)).subscribe({ next: v => print(v.join()), complete: () => print("done") }); s.next(1); b.next(2); s.next(3); s.next(4);
of(1).pipe(map(() => { throw new Error("bad") }), catchError(e => of(e.message))).subscribe(print); from(Promise.resolve("later")).subscribe(print);
