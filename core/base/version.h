// The version of Postern; the same as package.json's (a test compares them).
#pragma once

#include <string_view>

namespace postern {
inline constexpr std::string_view kVersion = "0.1.0";
}
