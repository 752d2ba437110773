// The one binary form of the core: a sequence of byte strings, each behind its length.
//
//   | u32 little-endian length | bytes | u32 length | bytes | …
//
// Envelopes that cross into the host, payloads for the authority and stored records are all made of
// it, nested where needed. Numbers are decimal text, so that a trace of it reads as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

class FieldWriter {
 public:
  FieldWriter& text(std::string_view bytes);
  FieldWriter& number(std::int64_t value);
  FieldWriter& flag(bool value) { return text(value ? "1" : "0"); }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads in the order of writing. A fault (short input, not a number) sticks: read everything, then
// ask `ok()` once. Views live as long as the input.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] std::string_view text();
  // Within what JavaScript counts exactly, 2^53 - 1 on both sides.
  [[nodiscard]] std::int64_t number();
  [[nodiscard]] bool flag();
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // No fault so far.
  [[nodiscard]] bool ok() const { return ok_; }
  // No fault, and nothing left over: for what crosses within one release.
  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

  // For what is stored, or sent to another release (docs/storage.md). The encoding's version, which
  // stands behind the fields of version 1: a number from 2 on, or nothing at all, and it is 1.
  // Anything else is a fault: a later release says by it that it must not be overlooked.
  [[nodiscard]] std::int64_t version();
  // No fault, and nothing left over but what a later release appended. Reads that, and the version
  // if nobody has.
  [[nodiscard]] bool complete_or_later();
  // The first field of a list's next element; nullopt at its end. That is the end of the bytes or,
  // in front of what a later release appended, an empty field: no element begins with one.
  [[nodiscard]] std::optional<std::string_view> element();
  // How many bytes are not read yet.
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
  bool has_version_ = false;
};

}  // namespace postern
