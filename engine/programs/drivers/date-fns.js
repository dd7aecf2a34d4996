// npm: date-fns
import { format, addMonths, differenceInCalendarDays, parse, formatDistance, eachDayOfInterval, getISOWeek } from "date-fns";
const t = new Date(2024, 1, 29, 13, 5, 9);
print(format(t, "yyyy-MM-dd EEEE do MMMM h:mm:ss a QQQ II"), format(addMonths(t, 12), "P"), differenceInCalendarDays(t, new Date(2023, 0, 1)), format(parse("3rd of Mar 21", "do 'of' MMM yy", t), "yyyy/M/d"), formatDistance(t, addMonths(t, 5)), eachDayOfInterval({ start: t, end: addMonths(t, 1) }).length, getISOWeek(t));
