// npm: dayjs
import dayjs from "dayjs"; import weekOfYear from "dayjs/plugin/weekOfYear.js"; import relative from "dayjs/plugin/relativeTime.js"; import custom from "dayjs/plugin/customParseFormat.js";
dayjs.extend(weekOfYear); dayjs.extend(relative); dayjs.extend(custom);
const t = dayjs("2024-02-29T10:20:30"); print(t.add(1, "year").format("YYYY-MM-DD dddd"), t.week(), t.from(dayjs("2025-01-01")), dayjs("29.02.2024", "DD.MM.YYYY").isValid(), t.endOf("month").format());
