// The declarations as JSON, for everything that is generated at build time.
#pragma once

#include <string>

namespace postern {

// {version, environment: […], operations: […], problems: […]}
[[nodiscard]] std::string manifest_json();

}  // namespace postern
