// The fault of a result that must be one. To read error() of a success is undefined, and was seen
// to yield the expected fault by chance; here a success fails the test.
#pragma once

#include <doctest/doctest.h>

#include "core/base/result.h"

namespace postern {

template <class Value, class Fault>
Fault fault_of(const Result<Value, Fault>& result) {
  CHECK_FALSE(result.has_value());
  return result.has_value() ? Fault{} : result.error();
}

// For faults that hold a secret, which cannot be copied.
template <class Value, class Fault>
Fault fault_of(Result<Value, Fault>&& result) {
  CHECK_FALSE(result.has_value());
  return result.has_value() ? Fault{} : std::move(result.error());
}

}  // namespace postern
