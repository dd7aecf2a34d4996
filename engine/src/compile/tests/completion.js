//! completion
1; if (a) { 2; } for (;;) { 3; break; } try { 4; } finally { 5; } var x = 6;
