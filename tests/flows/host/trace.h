// A readable record of everything that crosses between a flow and its host, as Markdown, and the
// same crossings as bytes for a replay through wasm.
#pragma once

#include <string>
#include <string_view>

#include "core/base/fields.h"
#include "tests/flows/host/host.h"

namespace postern::testing {

class Trace : public Observer {
 public:
  // A heading and what the reader is about to see.
  void title(std::string_view heading, std::string_view prose);
  void section(std::string_view heading, std::string_view prose);

  // Ends the last block.
  void finish() { close_block(); }
  [[nodiscard]] const std::string& markdown() const { return text_; }
  // Fields: "start" or "resume", the bytes in, the step, the bytes out; repeated.
  [[nodiscard]] const std::string& transcript() const { return transcript_.bytes(); }

  void began(const FlowInput& input) override;
  void asked(const IssuedEffect& issued) override;
  void answered(const IssuedEffect& issued, const Reply& reply) override;
  void crashed(bool object_survives) override;
  void ended(const Outcome& outcome) override;
  void crossed(bool is_start, std::string_view in, Step step, std::string_view out) override;

 private:
  void line(std::string_view text);
  void close_block();

  std::string text_;
  FieldWriter transcript_;
  bool in_block_ = false;
};

// Bytes as one line of text: what the core stores is named, fields are listed, the rest is escaped.
// What is longer is cut: the transcript has all of it.
[[nodiscard]] std::string shown(std::string_view bytes, std::size_t longest = 240);
// Without its long lists of columns.
[[nodiscard]] std::string shown_sql(std::string_view sql);
// What a person reads of a page: its text, the targets of its links and forms.
[[nodiscard]] std::string page_text(std::string_view html);

}  // namespace postern::testing
