// What the proxy has to know of a provider's APIs, as data of the catalogue: which members of an
// answer are links, and what of a request says what it does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace postern {

// What clients do with a URL in an answer, and hence what becomes of it. Where it leads to an API
// of the same integration it becomes a path of the proxy, whichever of these it is.
enum class LinkKind : std::uint8_t {
  // Clients that follow it know that the answer is theirs to read: one to elsewhere stays.
  api,
  // Clients follow it, and send their key along, wherever it leads. One to elsewhere becomes a path
  // of the proxy by which it is called without a token.
  followed,
  // A URL that needs no token (pre-authenticated), to which clients send content, and their key
  // along: as `followed`, unless the key says otherwise.
  upload,
  // A URL that needs no token, which clients read without sending their key: it stays, unless the
  // key says otherwise.
  download,
  // Where an answer within an answer leads, as `Location` of a redirect: stays as a download does,
  // and may have more links behind it.
  redirect,
};

struct LinkMember {
  // Of a JSON object; with `*` as its first character the end of a name.
  std::string_view name;
  LinkKind kind = LinkKind::api;
};

// How a refusal of Postern's own looks, so that the clients of the API can read it.
enum class RefusalShape : std::uint8_t {
  object,   // {"error": {"code", "message"}, "message", …}
  ok_flag,  // 200 {"ok": false, "error": code}: docs.slack.dev/apis/web-api, "Evaluating responses"
};

// What of its paths an API reads without regard to case.
enum class CaseFolding : std::uint8_t {
  none,
  words,  // segments of letters, '$' and '.' alone; ids count as they are written
};

// Answers that are what somebody stored, and not the API's own: their links are none of it.
struct ContentPlaces {
  std::span<const std::string_view> last_segments;  // of the path, in lower case
  std::string_view query;                           // "name=value"; empty: none
};

struct ProxyRules {
  std::span<const LinkMember> links;
  CaseFolding folding = CaseFolding::none;
  // Its method says nothing: the last segment of the path names the operation.
  bool named_operations = false;
  // Paths, as segments, of requests whose body says what they do: batches. `*` is any segment.
  // GraphQL is known wherever it stands.
  std::span<const std::string_view> opaque_paths;
  ContentPlaces content = {};
  RefusalShape refusals = RefusalShape::object;
};

// Of an API of which nothing is known.
inline constexpr LinkMember kCommonLinks[] = {{"nextLink", LinkKind::followed},
                                              {"next", LinkKind::followed},
                                              {"next_url", LinkKind::followed},
                                              {"next_page", LinkKind::followed},
                                              {"@odata.nextLink", LinkKind::followed},
                                              {"@odata.deltaLink", LinkKind::followed},
                                              {"self", LinkKind::api},
                                              {"upload_url", LinkKind::upload}};
inline constexpr ProxyRules kCommonProxyRules{.links = kCommonLinks};

}  // namespace postern
