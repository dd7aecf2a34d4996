// npm: bignumber.js
import BigNumber from "bignumber.js";
print(new BigNumber("123456789.987654321").pow(9).toFixed(), new BigNumber(1).div(7).toString(), new BigNumber("ff", 16).toString(2), new BigNumber("1234567.891").toFormat(2));
