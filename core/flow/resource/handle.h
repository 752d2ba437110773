// What is asked about an operation that goes on, between one call and the next: sealed, in the
// caller's hands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

// Where to ask how far it is, and what the answer means. The numbers are sealed in handles.
enum class Asking : std::uint8_t {
  nothing = 0,   // it has ended
  status = 1,    // `status` of the document; what came of it is at `result`
  location = 2,  // 202 until it has ended, then what came of it
  resource = 3,  // `properties.provisioningState` of what was put
  nowhere = 4,   // it goes on, and nothing says how far it is; never sealed
};

struct OperationHandle {
  Asking asking = Asking::nothing;
  std::string path;    // at the API's origin
  std::string result;  // empty: nothing comes of it
};

[[nodiscard]] std::string encode_handle(const OperationHandle& handle);
// nullopt: none of ours, or of one that has ended.
[[nodiscard]] std::optional<OperationHandle> decode_handle(std::string_view bytes);

}  // namespace postern
