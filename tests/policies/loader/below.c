/* The lowest of three objects: see above.c. */
int below_is_ready;
__thread int below_local = 77;

__attribute__((constructor)) static void construct(void)
{
    below_is_ready = 1;
}

int below_value(void)
{
    return below_local;
}
