// Writing JSON. Apart from json.h, because most of those who write never read, and the library that
// reads takes long to compile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern {

// Writes one JSON text front to back without building a document: the hot path's way.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  // A value that is JSON already.
  JsonWriter& raw(std::string_view json);
  // key(name) and string(value) in one.
  JsonWriter& member(std::string_view name, std::string_view value);
  JsonWriter& member(std::string_view name, std::int64_t value);
  [[nodiscard]] std::string take();

 private:
  void separate();
  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace postern
