// JSON text whose structure is right, and whose strings hold what no strict reader takes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern {

// The same text, its strings made fit; nullopt where it is fit already, which is the rule and costs
// one look at each byte. In a string a byte that is no UTF-8 becomes U+FFFD, an escaped surrogate
// without its other half \ufffd, a raw control character its escape (`\u0000` too). Around strings
// NUL bytes become blanks, and byte order marks at the beginning go. Nothing else is changed, so
// that what is no JSON stays none.
[[nodiscard]] std::optional<std::string> repaired_json(std::string_view text);

}  // namespace postern
