// The declarations as JSON, for the build: scripts/generate.mjs reads them from the module that
// ships.
#include <cstddef>
#include <string>

#include "core/operation/manifest.h"

namespace {
std::string* manifest = nullptr;
}

extern "C" __attribute__((export_name("postern_manifest"), used)) const char* postern_manifest() {
  manifest = new std::string(postern::manifest_json());
  return manifest->data();
}
extern "C" __attribute__((export_name("postern_manifest_length"), used)) std::size_t
postern_manifest_length() {
  return manifest->size();
}
