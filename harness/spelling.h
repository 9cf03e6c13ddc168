/* Other spellings of a host's own headers: on Windows names have no case, and folders are parted by
 * backslashes. */
#ifndef LW_HARNESS_SPELLING_H
#define LW_HARNESS_SPELLING_H

/* Follows the quoted includes of a source and of what they include. For each that names no file as
 * it is written, but one in another case or behind backslashes, a link of that very name is made
 * in the folder `links` (which is made when needed). Files are never changed. */
void spelling_offer(const char *source, const char *links);

#endif
