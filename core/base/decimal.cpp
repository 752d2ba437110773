#include "core/base/decimal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace postern {
namespace {

// No two neighbouring halves of doubles are closer than 768 digits; what follows only decides ties.
constexpr int kMaxDigits = 780;
// Beyond these every number is infinite or zero.
constexpr int kMaxExponent = 400;
constexpr int kMantissaBits = 53;
// The largest power of ten in a limb; steps of nine digits are nine times fewer.
constexpr int kStepDigits = 9;
constexpr int kMinExponent = -1074;  // of the lowest bit of the smallest double

// An unsigned integer, lowest limb first, and whether something was cut off below it. At most
// 780 digits (81 limbs) above the room that 1180 digits of division need (150 limbs).
class Big {
 public:
  void multiply_add(std::uint32_t factor, std::uint32_t carry) {
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint64_t product = std::uint64_t{limbs_[i]} * factor + carry;
      limbs_[i] = static_cast<std::uint32_t>(product);
      carry = static_cast<std::uint32_t>(product >> 32);
    }
    if (carry != 0) limbs_[size_++] = carry;
  }

  // Floors of floors are the floor of the whole, so powers of ten may be divided away step by step.
  void divide(std::uint32_t divisor) {
    std::uint64_t rest = 0;
    for (std::size_t i = size_; i-- > 0;) {
      rest = (rest << 32) | limbs_[i];
      limbs_[i] = static_cast<std::uint32_t>(rest / divisor);
      rest %= divisor;
    }
    inexact_ = inexact_ || rest != 0;
    while (size_ > 0 && limbs_[size_ - 1] == 0) --size_;
  }

  void shift_limbs(std::size_t count) {
    std::copy_backward(limbs_.begin(), limbs_.begin() + size_, limbs_.begin() + size_ + count);
    std::fill_n(limbs_.begin(), count, 0U);
    size_ += count;
  }

  void mark_inexact() { inexact_ = true; }
  [[nodiscard]] bool inexact() const { return inexact_; }
  [[nodiscard]] int bits() const {
    return size_ == 0 ? 0 : static_cast<int>(size_ * 32) - std::countl_zero(limbs_[size_ - 1]);
  }
  [[nodiscard]] bool bit(int index) const {
    return index >= 0 && ((limbs_[static_cast<std::size_t>(index) / 32] >> (index % 32)) & 1) != 0;
  }

 private:
  std::array<std::uint32_t, 256> limbs_{};
  std::size_t size_ = 0;
  bool inexact_ = false;
};

std::uint32_t power_of_ten(int exponent) {
  std::uint32_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// big * 2^exponent, rounded.
double rounded(const Big& big, int exponent) {
  const int bits = big.bits();
  // How many of the lowest bits do not fit, be it above the mantissa or below the smallest double.
  const int dropped = std::max(bits - kMantissaBits, kMinExponent - exponent);
  double value = 0;
  for (int i = bits; i-- > std::max(dropped, 0);) value = value * 2 + (big.bit(i) ? 1 : 0);
  bool up = false;
  if (dropped > 0 && dropped <= bits && big.bit(dropped - 1)) {
    bool above_half = big.inexact() || big.bit(dropped);
    for (int i = 0; i < dropped - 1 && !above_half; ++i) above_half = big.bit(i);
    up = above_half;
  }
  if (up) value += 1;
  // `value` is an integer of at most 53 bits: every step is exact until it overflows.
  int scale = exponent + std::max(dropped, 0);
  for (; scale > 0; --scale) value *= 2;
  for (; scale < 0; ++scale) value /= 2;
  return value;
}

}  // namespace

double double_of_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  Big big;
  int digits = 0;
  int exponent = 0;  // decimal
  bool fraction = false;
  std::size_t i = negative ? 1 : 0;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    const auto digit = static_cast<std::uint32_t>(text[i] - '0');
    if (digits < kMaxDigits) {
      digits += digits != 0 || digit != 0 ? 1 : 0;
      big.multiply_add(10, digit);
      exponent -= fraction ? 1 : 0;
    } else {
      if (digit != 0) big.mark_inexact();
      exponent += fraction ? 0 : 1;
    }
  }
  if (++i < text.size()) {
    const bool down = text[i] == '-';
    int stated = 0;
    for (i += text[i] == '-' || text[i] == '+' ? 1 : 0; i < text.size(); ++i) {
      stated = std::min(stated * 10 + (text[i] - '0'), 1 << 24);
    }
    exponent += down ? -stated : stated;
  }
  double value = 0;
  if (digits == 0 || exponent + digits < -kMaxExponent) {
    value = 0;
  } else if (exponent + digits > kMaxExponent) {
    value = std::numeric_limits<double>::infinity();
  } else if (exponent >= 0) {
    for (; exponent > 0; exponent -= kStepDigits) {
      big.multiply_add(power_of_ten(std::min(exponent, kStepDigits)), 0);
    }
    value = rounded(big, 0);
  } else {
    // Room for 64 bits of quotient: ten is less than sixteen, four bits.
    const auto limbs = static_cast<std::size_t>(-exponent) * 4 / 32 + 3;
    big.shift_limbs(limbs);
    for (; exponent < 0; exponent += kStepDigits) {
      big.divide(power_of_ten(std::min(-exponent, kStepDigits)));
    }
    value = rounded(big, -static_cast<int>(limbs * 32));
  }
  return negative ? -value : value;
}

}  // namespace postern
