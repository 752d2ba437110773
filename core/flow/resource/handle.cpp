#include "core/flow/resource/handle.h"

#include "core/base/fields.h"

namespace postern {

std::string encode_handle(const OperationHandle& handle) {
  return FieldWriter()
      .number(static_cast<std::int64_t>(handle.asking))
      .text(handle.path)
      .text(handle.result)
      .take();
}

std::optional<OperationHandle> decode_handle(std::string_view bytes) {
  FieldReader in(bytes);
  const auto asking = in.number();
  OperationHandle handle{.asking = static_cast<Asking>(asking),
                         .path = std::string(in.text()),
                         .result = std::string(in.text())};
  const bool known = asking > 0 && asking <= static_cast<std::int64_t>(Asking::resource);
  return in.complete_or_later() && known ? std::optional(std::move(handle)) : std::nullopt;
}

}  // namespace postern
