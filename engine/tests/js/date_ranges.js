// A date's own texts are read back as the same date, whatever the sign and length of its year; months of any
// size are carried into the year before anything is refused.
let failed = 0, tried = 0;
function check(what, got, want) { tried++; if (!Object.is(got, want)) { failed++; print(what, got, want); } }
for (const year of [-271820, -100000, -99999, -12345, -1000, -999, -500, -44, -10, -1, 0, 1, 44, 99, 100, 999, 1970, 2026, 9999, 10000, 99999, 100000, 275759]) {
  for (const [month, day] of [[0, 1], [1, 28], [8, 30], [11, 31]]) {
    const d = new Date(Date.UTC(2000, month, day, 13, 5, 59));
    d.setUTCFullYear(year, month, day);
    const time = d.getTime();
    check("ISO " + year, Date.parse(d.toISOString()), time);
    // Texts with years of fewer than six digits; longer ones are in toISOString's form only by the specification.
    check("toString " + year, Date.parse(d.toString()), time);
    check("toUTCString " + year, Date.parse(d.toUTCString()), time);
    check("toDateString " + year, new Date(Date.parse(d.toDateString())).getFullYear(), d.getFullYear());
    check("constructor " + year, new Date(d.toString()).getTime(), time);
  }
}
// A hyphen between parts is no sign.
for (const text of ["21-Nov-2026", "Nov-21-2026", "11-21-2026", "21 Nov-2026"]) check(text, new Date(text).getFullYear(), 2026);
check("sign behind a space", new Date("21 Nov -2026 GMT").getUTCFullYear(), -2026);
check("sign and six digits", new Date("21-Nov-002026 GMT").getUTCFullYear(), -2026);

const utc = (...parts) => new Date(Date.UTC(...parts)).getTime();
check("far month", new Date(4294967295, -51536300000).getUTCFullYear(), 275628);
check("far month, UTC", utc(4294967295, -51536300000), utc(275628, 4));
check("back", utc(-4294967295, 51536300000), utc(-275629, 8));
check("month 12e5", utc(-100000 + 1970, 12e5), 0);
check("month -12e5", utc(100000 + 1970, -12e5), 0);
check("twelve million months", utc(-1000000 + 1970, 12e6), 0);
check("fraction of a month", utc(1970, 1.9), utc(1970, 1));
check("too far", utc(4294967295, 0), NaN);
check("too far back", utc(0, -4294967295), NaN);
check("infinite month", utc(2000, Infinity), NaN);
check("huge month", utc(2000, 1e300), NaN);
check("huge year", utc(1e300, -1e300), NaN);
check("days bring it back", utc(275760, 9, 1 - 30), utc(275760, 8, 1));
const d = new Date(0);
d.setUTCMonth(12 * 1e5);
check("setUTCMonth", d.getTime(), utc(101970, 0));
d.setUTCFullYear(1e6 + 1970, -12e6);
check("setUTCFullYear", d.getTime(), 0);
print(tried + " tried, " + failed + " failed");
