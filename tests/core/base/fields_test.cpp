#include "core/base/fields.h"

#include <doctest/doctest.h>

using namespace postern;

TEST_CASE("what was written is read in the same order") {
  FieldWriter out;
  out.text("").text(std::string_view("a\0b", 3)).number(-42).number(0).flag(true).flag(false);
  FieldReader in(out.bytes());
  CHECK(in.text() == "");
  CHECK(in.text() == std::string_view("a\0b", 3));
  CHECK(in.number() == -42);
  CHECK(in.number() == 0);
  CHECK(in.flag());
  CHECK_FALSE(in.flag());
  CHECK(in.complete());
}

TEST_CASE("a field is its length in four bytes, lowest first, and its bytes") {
  FieldWriter out;
  out.text("ab").number(7);
  CHECK(out.bytes() == std::string_view("\x02\0\0\0ab\x01\0\0\0"
                                        "7",
                                        11));
}

TEST_CASE("every cut of the bytes is a fault") {
  FieldWriter out;
  out.text("first").number(123).flag(true);
  for (std::size_t length = 0; length < out.bytes().size(); ++length) {
    CAPTURE(length);
    FieldReader in(std::string_view(out.bytes()).substr(0, length));
    (void)in.text();
    (void)in.number();
    (void)in.flag();
    CHECK_FALSE(in.complete());
  }
}

TEST_CASE("a length beyond the end is a fault, the largest as well") {
  for (const std::string_view bytes :
       {std::string_view("\x05\0\0\0abcd", 8), std::string_view("\xff\xff\xff\xff"
                                                                "abcd",
                                                                8)}) {
    FieldReader in(bytes);
    CHECK(in.text() == "");
    CHECK_FALSE(in.ok());
  }
}

TEST_CASE("a fault stays, whatever is read afterwards") {
  FieldWriter out;
  out.text("x").text("good").number(1);
  FieldReader in(out.bytes());
  CHECK(in.number() == 0);
  CHECK(in.text() == "");
  CHECK(in.number() == 0);
  CHECK_FALSE(in.flag());
  CHECK_FALSE(in.ok());
}

TEST_CASE("numbers are what JavaScript counts exactly, flags are 0 and 1") {
  for (const auto& [text, good] : {std::pair{"9007199254740991", true},
                                   {"-9007199254740991", true},
                                   {"9007199254740992", false},
                                   {"-9007199254740992", false},
                                   {"9223372036854775807", false},
                                   {"99999999999999999999", false},
                                   {"", false},
                                   {"1.5", false},
                                   {" 1", false},
                                   {"0x1", false}}) {
    CAPTURE(text);
    FieldWriter out;
    out.text(text);
    FieldReader in(out.bytes());
    (void)in.number();
    CHECK(in.ok() == good);
  }
  for (const char* text : {"2", "", "true", "00"}) {
    FieldWriter out;
    out.text(text);
    FieldReader in(out.bytes());
    CHECK_FALSE(in.flag());
    CHECK_FALSE(in.ok());
  }
}

TEST_CASE("bytes that are left over are no fault, but not complete either") {
  FieldWriter out;
  out.text("a").text("b");
  FieldReader in(out.bytes());
  (void)in.text();
  CHECK(in.ok());
  CHECK_FALSE(in.complete());
}
