// npm: svelte
import { compile } from "svelte/compiler";
const r = compile("<script>let n = $state(0); const d = $derived(n * 2); </script><button onclick={() => n++}>{n} {#if d > 2}<b>{d}</b>{:else}no{/if}</button>{#each [1,2] as x}<i>{x}</i>{/each}<style>b{color:red}</style>", { filename: "A.svelte", generate: "server" });
print(r.js.code); print(r.css.code, r.warnings.length);
