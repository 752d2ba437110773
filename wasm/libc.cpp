// What the core needs of the C library, without the C library: nlohmann_json calls these seven, and
// musl's own bring 128-bit floating point, locales and stdio and more
// (docs/decisions/0002-wasm-size.md). Each does exactly what those calls ask for and traps on
// anything else.
#include <cerrno>
#include <climits>
#include <clocale>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/base/decimal.h"

namespace {

// A run of decimal digits that the lexer has already checked.
unsigned long long natural(const char* digits, unsigned long long limit) {
  unsigned long long value = 0;
  for (; *digits != '\0'; ++digits) {
    const auto digit = static_cast<unsigned long long>(*digits - '0');
    if (value > (limit - digit) / 10) {
      errno = ERANGE;
      return limit;
    }
    value = value * 10 + digit;
  }
  return value;
}

void write_hex4(char* out, unsigned value) {
  for (int i = 3; i >= 0; --i, value >>= 4) {
    out[i] = "0123456789abcdef"[value & 15];
  }
}

}  // namespace

extern "C" {

double strtod(const char* text, char** end) {
  const std::string_view number(text);
  *end = const_cast<char*>(text) + number.size();
  return postern::double_of_decimal(number);
}

unsigned long long strtoull(const char* text, char** end, int) {
  *end = const_cast<char*>(text) + std::strlen(text);
  return natural(text, ULLONG_MAX);
}

// Called for numbers with a minus only; the limit is what a minus can hold.
long long strtoll(const char* text, char** end, int) {
  if (*text != '-') {
    __builtin_trap();
  }
  *end = const_cast<char*>(text) + std::strlen(text);
  return static_cast<long long>(0 - natural(text + 1, 1ULL << 63));
}

// The rest of the two archive members that the functions above replace: named in templates and in
// libc++'s own std::stoi, called by nobody.
float strtof(const char*, char**) {
  __builtin_trap();
}
long double strtold(const char*, char**) {
  __builtin_trap();
}
long strtol(const char*, char**, int) {
  __builtin_trap();
}
unsigned long strtoul(const char*, char**, int) {
  __builtin_trap();
}

lconv* localeconv() {
  static char point[] = ".";
  static char nothing[] = "";
  static lconv c_locale = {.decimal_point = point, .thousands_sep = nothing};
  return &c_locale;
}

// "\uXXXX", once or twice: how the serializer writes control characters.
int snprintf(char* out, std::size_t size, const char* format, ...) {
  const std::string_view wanted(format);
  const int count = wanted == "\\u%04x" ? 1 : wanted == "\\u%04x\\u%04x" ? 2 : 0;
  if (count == 0 || size <= static_cast<std::size_t>(count) * 6) {
    __builtin_trap();
  }
  va_list arguments;
  va_start(arguments, format);
  for (int i = 0; i < count; ++i, out += 6) {
    out[0] = '\\';
    out[1] = 'u';
    write_hex4(out + 2, va_arg(arguments, unsigned));
  }
  va_end(arguments);
  *out = '\0';
  return count * 6;
}

// The names are the libraries' own.
// NOLINTBEGIN(bugprone-reserved-identifier,bugprone-std-namespace-modification,readability-identifier-naming)
// libc++abi's last words, which would be printed with all of stdio.
[[noreturn]] void __abort_message(const char*, ...) {
  __builtin_trap();
}
[[noreturn]] void abort_message(const char*, ...) {
  __builtin_trap();
}
[[noreturn]] void __cxa_pure_virtual() {
  __builtin_trap();
}

}  // extern "C"

namespace std {
inline namespace _LIBCPP_ABI_NAMESPACE {
// The library's checks end here, with a formatted message that nobody could read.
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept {
  __builtin_trap();
}
}  // namespace _LIBCPP_ABI_NAMESPACE
}  // namespace std
// NOLINTEND(bugprone-reserved-identifier,bugprone-std-namespace-modification,readability-identifier-naming)
