// The link by which a provider leads to its next page: its content, not our input. It is checked
// for where it leads, and written so that it can be sent; parse_url would refuse much of what is
// sent.
//
// Seen in public: blanks and quotes (github.com/Azure/azure-sdk-for-go/issues/18809,
// azure-sdk-for-java/issues/36506, which has the port :443 too), `{`, `[` and `#` of a token that
// nobody encoded (azure-rest-api-specs/issues/31000, autorest.python/issues/1984), relative ones
// (typespec-azure/issues/3921), and `//` in paths.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace postern {

inline constexpr std::size_t kMaxLinkBytes = std::size_t{64} * 1024;

enum class LinkFault : std::uint8_t {
  too_long,      // more than kMaxLinkBytes
  malformed,     // neither scheme://authority nor a path
  other_origin,  // or one of which two parsers could say different things
};

// Path and query of a link at `origin` (scheme://host[:port], as Url::origin writes it); a path
// alone is there too. Bytes that may not stand in a URL are percent-encoded, `%` that begins no
// escape among them; the rest stays as it is, escapes and `//` too. A `#` with one word behind it
// is a fragment and goes; any other belongs to the data and is encoded.
[[nodiscard]] Result<std::string, LinkFault> path_of_link(std::string_view link,
                                                          std::string_view origin);

}  // namespace postern
