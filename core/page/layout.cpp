#include "core/page/layout.h"

#include <cstddef>

#include "core/base/text.h"

namespace postern {
namespace {

void append_stand_in(std::string& out, std::string_view stand_in, bool capital) {
  const std::size_t start = out.size();
  out += stand_in;
  if (capital && start < out.size() && out[start] >= 'a' && out[start] <= 'z') {
    out[start] = static_cast<char>(out[start] - 'a' + 'A');
  }
}

}  // namespace

void append_value(std::string& out, std::string_view value) {
  out += "<bdi>";
  out += html_escape(value);
  out += "</bdi>";
}

void append_text(std::string& out, std::string_view text, std::span<const PageValue> values,
                 Markup markup) {
  while (true) {
    const std::size_t brace = text.find('{');
    out += text.substr(0, brace);
    if (brace == std::string_view::npos) return;
    text.remove_prefix(brace + 1);
    const std::size_t index =
        text.empty() ? values.size() : static_cast<std::size_t>(text[0] - '0');
    const std::size_t end = text.find('}');
    if (index < values.size()) {
      const PageValue& value = values[index];
      if (value.text.empty()) {
        append_stand_in(out, value.stand_in, text.substr(1, 1) == "^");
      } else if (markup == Markup::plain) {
        out += html_escape(value.text);
      } else {
        append_value(out, value.text);
      }
    }
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void begin_page(std::string& out, std::string_view heading, std::string_view tone,
                std::span<const PageValue> values, std::string_view head) {
  out += "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">";
  out += head;
  out += "<title>";
  append_text(out, heading, values, Markup::plain);
  out +=
      " - Postern</title>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"robots\" content=\"noindex\">"
      "<meta name=\"color-scheme\" content=\"light dark\">"
      // Every page stands one level below where Postern is mounted: /connect/…, /callback/….
      "<link rel=\"icon\" href=\"../assets/postern.svg\">"
      "<link rel=\"stylesheet\" href=\"../assets/postern.css\"></head>"
      "<body><header><p class=\"brand\">Postern</p></header><main class=\"";
  out += tone;
  out += "\"><h1>";
  append_text(out, heading, values, Markup::isolated);
  out += "</h1>";
}

void end_page(std::string& out) {
  out +=
      "</main><footer><p>Postern connects accounts to the services that ask for them. "
      "It never sees your password.</p></footer></body></html>\n";
}

}  // namespace postern
