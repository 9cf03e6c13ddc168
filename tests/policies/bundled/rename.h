/* Before a bundled policy that a drive (drive.h) includes: its factory and descriptor get other
 * names, so that the drive's own factory is the one that lowwater finds. */
#define CreateHostMemoryManager create_policy
#define lw_policy policy_being_driven
