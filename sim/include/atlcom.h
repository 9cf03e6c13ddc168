/* The Active Template Library is Microsoft's and cannot work here: say so in one message. */
#error "ATL (atlbase.h, atlcom.h) is not available here: write IUnknown's three methods by hand"
