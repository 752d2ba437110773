// Values that effects and answers have in common, as bytes: for codec.cpp and host_codec.cpp.
#pragma once

#include "core/base/fields.h"
#include "core/effect/effects.h"

namespace postern {

inline void write(FieldWriter& out, const std::vector<Header>& pairs) {
  FieldWriter inner;
  for (const auto& [name, value] : pairs) {
    inner.text(name).text(value);
  }
  out.text(inner.bytes());
}

inline void write(FieldWriter& out, const SqlValue& value) {
  // A tag before the text: NULL, an integer and its decimal text are three different things.
  if (const auto* integer = value.integer()) {
    out.text("i").number(*integer);
  } else if (const auto* text = value.text()) {
    out.text("t").text(*text);
  } else {
    out.text("n").text("");
  }
}

}  // namespace postern
