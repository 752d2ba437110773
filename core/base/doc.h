// Words for people who read the documentation: in the manifest, not in the module that serves
// requests.
#pragma once

#ifdef POSTERN_MANIFEST
#define POSTERN_DOC(text) text
#else
#define POSTERN_DOC(text) ""
#endif
