// Lists of scopes (RFC 6749 3.3).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// 1*( 0x21 / 0x23-5B / 0x5D-7E ), at most 256 bytes.
[[nodiscard]] bool is_scope_token(std::string_view text);

// Pieces between spaces, and between commas where `commas`; empty pieces and repetitions are
// dropped, order is kept.
[[nodiscard]] std::vector<std::string> split_scopes(std::string_view text, bool commas = false);

[[nodiscard]] std::string join_scopes(std::span<const std::string> scopes,
                                      std::string_view separator = " ");

// Case-sensitive (RFC 6749 3.3).
[[nodiscard]] bool has_scope(std::span<const std::string> scopes, std::string_view scope);

// Those of `wanted` that are not in `granted`, in order. A provider may grant fewer than were
// asked.
[[nodiscard]] std::vector<std::string> missing_scopes(std::span<const std::string> wanted,
                                                      std::span<const std::string> granted);

}  // namespace postern
