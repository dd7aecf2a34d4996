// npm: big-integer
import bigInt from "big-integer";
print(bigInt(2).pow(500).toString(), bigInt("123456789012345678901234567890").modPow(1234567, "1000000000000000003").toString(), bigInt("982451653").isPrime());
