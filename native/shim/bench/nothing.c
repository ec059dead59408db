/* The least that a C library starts and ends. */
int main(void) { return 0; }
