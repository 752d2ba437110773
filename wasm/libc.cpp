// What the core needs of the C library, without the C library: nlohmann_json calls these, and
// musl's own bring 128-bit floating point, locales and stdio and more
// (docs/decisions/0002-wasm-size.md). Each does exactly what those calls ask for and traps on
// anything else.
#include <cerrno>
#include <climits>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

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

}  // namespace

extern "C" {

// The lexer wants the value, our document keeps what was written and never looks at it.
double strtod(const char* text, char** end) {
  *end = const_cast<char*>(text) + std::strlen(text);
  return 0;
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

// The lexer spells a control character out in the words of an error that nobody reads.
int snprintf(char* out, std::size_t, const char*, ...) {
  *out = '\0';
  return 0;
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
// What the type information of the library's own exceptions points to. Nothing is thrown, caught or
// cast here, so nothing ever looks: the real ones bring all of dynamic_cast.
void* _ZTVN10__cxxabiv117__class_type_infoE[11];
void* _ZTVN10__cxxabiv120__si_class_type_infoE[11];

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
