// The fuzzer's bytes as a sequence of choices. When they are used up every choice is 0, which by
// convention is the well-behaved one: a flow then comes to its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace postern::fuzz {

// In every secret of these worlds and in nothing else.
inline constexpr std::string_view kCanary = "CANARY";

class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  [[nodiscard]] bool empty() const { return size_ == 0; }
  std::uint8_t byte() {
    if (size_ == 0) {
      return 0;
    }
    --size_;
    return *data_++;
  }
  // One of `count`; 0 when nothing is left.
  std::size_t one_of(std::size_t count) { return byte() % count; }
  // True once in `often` times, never at the end.
  bool rarely(std::size_t often) { return one_of(often) == often - 1; }
  // Some of the bytes themselves. Never a canary: it would be found where it may well be.
  std::string text(std::size_t longest = 64) {
    const auto length = std::min<std::size_t>(byte() % (longest + 1), size_);
    std::string text(reinterpret_cast<const char*>(data_), length);
    data_ += length;
    size_ -= length;
    return text.find(kCanary) == std::string::npos ? text : std::string("x");
  }
  // The same with a few bytes changed, cut or added.
  std::string mutated(std::string text_in) {
    const auto times = one_of(4);
    for (std::size_t i = 0; i < times && !text_in.empty(); ++i) {
      const auto at = (std::size_t{byte()} << 8 | byte()) % text_in.size();
      switch (one_of(4)) {
        case 0:
          text_in[at] = static_cast<char>(byte());
          break;
        case 1:
          text_in.resize(at);
          break;
        case 2:
          text_in.insert(at, text(16));
          break;
        default:
          text_in.erase(at, one_of(16));
          break;
      }
    }
    return text_in;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

}  // namespace postern::fuzz
