#include "core/base/form.h"

#include "core/base/text.h"

namespace postern {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// -1 for a character that is no hex digit.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out.push_back('%');
  out.push_back(kHexDigits[byte >> 4]);
  out.push_back(kHexDigits[byte & 15]);
}

void append_form_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == ' ') {
      out.push_back('+');
    } else if (is_alphanumeric(c) || c == '*' || c == '-' || c == '.' || c == '_') {
      out.push_back(c);
    } else {
      append_escaped(out, c);
    }
  }
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    decoded.push_back(c);
  }
  return decoded;
}

std::optional<std::string> decode_form_text(std::string_view text) {
  auto decoded = decode(text, true);
  if (decoded && (decoded->contains('\0') || !is_utf8(*decoded))) return std::nullopt;
  return decoded;
}

}  // namespace

std::string form_encode(const FormFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text.push_back('&');
    append_form_encoded(text, name);
    text.push_back('=');
    append_form_encoded(text, value);
  }
  return text;
}

std::optional<FormFields> form_decode(std::string_view text, std::size_t max_fields) {
  FormFields fields;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (piece.empty()) continue;
    if (fields.size() == max_fields) return std::nullopt;
    const std::size_t equals = piece.find('=');
    auto name = decode_form_text(piece.substr(0, equals));
    auto value = decode_form_text(equals == std::string_view::npos ? std::string_view{}
                                                                   : piece.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

std::optional<std::string_view> form_single(const FormFields& fields, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [field, value] : fields) {
    if (field != name) continue;
    if (found) return std::nullopt;
    found = value;
  }
  return found;
}

std::size_t form_count(const FormFields& fields, std::string_view name) {
  std::size_t count = 0;
  for (const auto& field : fields) count += field.first == name ? 1 : 0;
  return count;
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      append_escaped(encoded, c);
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
  return decode(text, false);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace postern
