/* Defaults of the sanitizers in builds that have them, so that such a build behaves without any
 * environment: the machine's own fault handler must see SIGSEGV and SIGBUS, stacks that a
 * checkpoint restores exclude fake stacks, and a child that leaves with _exit has no leaks. */

#if defined(__SANITIZE_ADDRESS__)
#define LW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LW_ASAN 1
#endif
#endif

#ifdef LW_ASAN
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=0:detect_leaks=0:handle_segv=0:handle_sigbus=0:"
           "handle_sigfpe=0:handle_sigill=0:handle_abort=0:allow_user_segv_handler=1";
}
#else
typedef int no_sanitizer_in_this_build;
#endif
