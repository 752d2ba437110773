// The frame that all pages share, and the one way in which values get into markup.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace postern {

// `{n}` in a text is replaced by values[n]. A capital letter at the start of a sentence is wanted
// only where a stand-in speaks ("The provider"); `{n^}` asks for it.
struct PageValue {
  std::string_view text;
  std::string_view stand_in;  // lower case, ours, used when `text` is empty
};

enum class Markup : bool {
  plain,     // for <title>, which holds text only
  isolated,  // <bdi> keeps right-to-left text and overrides inside the value
};

void append_text(std::string& out, std::string_view text, std::span<const PageValue> values,
                 Markup markup);

// One value on its own, escaped and isolated.
void append_value(std::string& out, std::string_view value);

// Heading and title are one text; `tone` is a class of the style sheet; `head` is markup.
void begin_page(std::string& out, std::string_view heading, std::string_view tone,
                std::span<const PageValue> values, std::string_view head = {});
void end_page(std::string& out);

}  // namespace postern
