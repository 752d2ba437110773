#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/form.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  constexpr std::size_t max_fields = 8;
  if (const auto fields = form_decode(text, max_fields)) {
    check(fields->size() <= max_fields);
    for (const auto& [name, value] : *fields) {
      check(is_utf8(name) && is_utf8(value));
      check(!name.contains('\0') && !value.contains('\0'));
      check(form_single(*fields, name).has_value() == (form_count(*fields, name) == 1));
    }
    check(form_decode(form_encode(*fields), max_fields) == fields);
  }

  const std::string encoded = percent_encode(text);
  check(percent_decode(encoded) == text);
  check(encoded.find_first_of("&=+?#/ \\") == std::string::npos);
  if (const auto decoded = percent_decode(text)) {
    check(percent_decode(percent_encode(*decoded)) == decoded);
  }

  // Any value can be sent without becoming a second field.
  const FormFields sent = {{"a", std::string(text)}, {std::string(text), "b"}};
  const auto received = form_decode(form_encode(sent));
  check(received.has_value() == (is_utf8(text) && !text.contains('\0')));
  if (received) check(*received == sent);
  return 0;
}
