// npm: decimal.js
import Decimal from "decimal.js";
Decimal.set({ precision: 60 });
print(new Decimal(2).sqrt().toString(), Decimal.exp(1).toString(), new Decimal("0.1").plus("0.2").eq("0.3"), Decimal.sin(1).toString(), new Decimal("1e-400").pow(3).toString());
