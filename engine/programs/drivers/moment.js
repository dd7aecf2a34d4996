// npm: moment
import moment from "moment";
const t = moment.utc("2024-02-29T10:20:30Z"); print(t.clone().add(1, "M").format("dddd, MMMM Do YYYY, h:mm:ss a"), t.isoWeek(), moment.duration(1e9).humanize(), t.diff(moment.utc("2020-01-01"), "days"), moment.utc("12-25-1995", "MM-DD-YYYY").toISOString());
