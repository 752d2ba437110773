// The closed set of things a flow can ask its host to do, each with the type of its answer. The
// host decides nothing: whatever an effect means is written here, not there. kName is its name on
// the wire and in traces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/pairs.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace postern {

// What a host can fail with. The name on the wire is the enumerator's.
enum class HostFault {
  timeout,      // no answer within the effect's deadline; it may have happened all the same
  unavailable,  // the store or the network failed
  too_large,    // the answer exceeded the effect's cap
  refused,      // the host's own check failed: a seal that does not open, an unknown key
};
[[nodiscard]] std::string_view name_of(HostFault fault);

using Header = std::pair<std::string, std::string>;

struct HttpReply {
  int status = 0;
  Pairs headers;  // names in lower case; only those that flows read
  std::string body;
};

// For `max_bytes`: whatever the body is, it is not read, and says nothing.
inline constexpr std::int64_t kBodyUnread = -1;

// One HTTPS request, redirects not followed.
struct Fetch {
  static constexpr std::string_view kName = "fetch";
  using Reply = Result<HttpReply, HostFault>;
  std::string method = "GET";
  std::string url;
  Pairs headers;
  std::string body;
  DurationMs deadline_ms = 10 * kSecondMs;
  std::int64_t max_bytes = std::int64_t{256} * 1024;
  // In the authority only: seal the answer and write it to storage under this key before the flow
  // sees it, so that a token that arrived survives a trap or a failed allocation in the flow.
  std::string keep_key;
  std::string keep_org;
  std::string keep_context;
};

// A pause: the answer comes after it. `refused`, at once: as many flows as may pause do already
// (a flow holds its instance while it waits).
struct Delay {
  static constexpr std::string_view kName = "delay";
  using Reply = Result<std::monostate, HostFault>;
  DurationMs delay_ms = 0;
};

struct KvGet {
  static constexpr std::string_view kName = "kv.get";
  using Reply = Result<std::optional<std::string>, HostFault>;
  std::string key;
  DurationMs deadline_ms = 3 * kSecondMs;
};
struct KvPut {
  static constexpr std::string_view kName = "kv.put";
  using Reply = Result<std::monostate, HostFault>;
  std::string key;
  std::string value;
  std::int64_t ttl_seconds = 0;
  DurationMs deadline_ms = 5 * kSecondMs;
};
struct KvDelete {
  static constexpr std::string_view kName = "kv.delete";
  using Reply = Result<std::monostate, HostFault>;
  std::string key;
  DurationMs deadline_ms = 5 * kSecondMs;
};

// A D1 parameter or column: NULL, an integer or text.
class SqlValue {
 public:
  SqlValue() = default;
  SqlValue(std::monostate) {}
  SqlValue(std::int64_t value) : kind_(Kind::integer), integer_(value) {}
  SqlValue(std::string value) : kind_(Kind::text), text_(std::move(value)) {}

  // Null where it is something else.
  [[nodiscard]] const std::int64_t* integer() const {
    return kind_ == Kind::integer ? &integer_ : nullptr;
  }
  [[nodiscard]] const std::string* text() const { return kind_ == Kind::text ? &text_ : nullptr; }
  bool operator==(const SqlValue&) const = default;

 private:
  enum class Kind : std::uint8_t { null, integer, text };
  Kind kind_ = Kind::null;
  std::int64_t integer_ = 0;
  std::string text_;
};
struct SqlStatement {
  std::string sql;
  std::vector<SqlValue> parameters;
};
using SqlRow = std::vector<SqlValue>;
struct SqlOutcome {
  std::vector<SqlRow> rows;
  std::int64_t changes = 0;
};
// All statements in one D1 batch: one transaction, in order.
struct Sql {
  static constexpr std::string_view kName = "sql";
  using Reply = Result<std::vector<SqlOutcome>, HostFault>;
  std::string database;  // the name that it is bound by
  std::vector<SqlStatement> statements;
  DurationMs deadline_ms = 5 * kSecondMs;
};

// Leaves the flow for the connection's authority; nothing after it runs. Without `restart` the
// authority's outcome is the flow's. With it the flow starts again from its beginning, and finds
// the answer in `FlowInput::authority_reply`: that is how no instance is held while a queue moves.
struct Authority {
  static constexpr std::string_view kName = "authority";
  using Reply = std::monostate;
  std::string binding;        // of the objects' namespace
  std::string jurisdiction;   // empty: none
  std::string location_hint;  // empty: none
  std::string name;           // names the Durable Object
  std::string operation;      // an operation with Access::authority
  std::string payload;
  bool restart = false;
  std::string note;  // handed back at the restart
};

// The authority's own storage: small ordered map, strongly consistent.
struct StorageRead {
  static constexpr std::string_view kName = "storage.read";
  using Reply = Result<std::vector<std::optional<std::string>>, HostFault>;
  std::vector<std::string> keys;
};
// All of it or nothing, the alarm included.
struct StorageCommit {
  static constexpr std::string_view kName = "storage.commit";
  using Reply = Result<std::monostate, HostFault>;
  Pairs puts;
  std::vector<std::string> deletes;
  // nullopt: leave the alarm; 0: none; otherwise when.
  std::optional<EpochMs> alarm_at;
};

// AES-256-GCM under the organization's key. `context` is the associated data.
struct Seal {
  static constexpr std::string_view kName = "seal";
  using Reply = Result<std::string, HostFault>;
  std::string org;
  std::string context;
  std::string plaintext;
};
struct Open {
  static constexpr std::string_view kName = "open";
  using Reply = Result<std::string, HostFault>;
  std::string org;
  std::string context;
  std::string sealed;
};

// A signature over `data` (base64url of JWS, RFC 7515) under a public JWK.
struct VerifySignature {
  static constexpr std::string_view kName = "verify_signature";
  using Reply = Result<bool, HostFault>;
  std::string algorithm;  // RS256, PS256, ES256
  std::string jwk;
  std::string data;
  std::string signature;
};

// A signature over `data` by a sealed private key (PKCS#8, RSA of 2,048 bits and more). The host
// opens the key as `Open` would and hands out the signature alone. `context` begins with
// kKeyContext, and whatever is sealed under such a context `Open` refuses: a key goes in, and never
// comes back (docs/decisions/0013-signing-keys.md).
struct Sign {
  static constexpr std::string_view kName = "sign";
  using Reply = Result<std::string, HostFault>;
  std::string org;
  std::string context;
  std::string sealed_key;
  std::string algorithm;  // RS256, PS256
  std::string data;
};
// The first field of such a context (core/base/fields.h).
inline constexpr std::string_view kKeyContext = "postern-key-1";
[[nodiscard]] bool is_key_context(std::string_view context);

// The isolate's memory: at most 30 s, bounded in number, answers at once.
struct MemoryGet {
  static constexpr std::string_view kName = "memory.get";
  using Reply = std::optional<std::string>;
  std::string key;
};
struct MemoryPut {
  static constexpr std::string_view kName = "memory.put";
  using Reply = std::monostate;
  std::string key;  // an empty value forgets it
  std::string value;
  EpochMs expires_at = 0;
};

enum class LogLevel { debug, info, warn, error };
// One structured line. Never a secret: `fields` take ids, codes and numbers.
struct Log {
  static constexpr std::string_view kName = "log";
  using Reply = std::monostate;
  LogLevel level = LogLevel::info;
  std::string event;
  Pairs fields;
};

// Any effect and any answer, for hosts written in C++. The core itself puts none of them into a
// variant: it would carry the code for all where it needs one.
using Effect =
    std::variant<Fetch, KvGet, KvPut, KvDelete, Sql, Authority, StorageRead, StorageCommit, Seal,
                 Open, VerifySignature, Sign, MemoryGet, MemoryPut, Log, Delay>;
using Reply = std::variant<Fetch::Reply, KvGet::Reply, Result<std::monostate, HostFault>,
                           Sql::Reply, StorageRead::Reply, Seal::Reply, VerifySignature::Reply,
                           MemoryGet::Reply, std::monostate>;

[[nodiscard]] std::string_view name_of(const Effect& effect);

}  // namespace postern
