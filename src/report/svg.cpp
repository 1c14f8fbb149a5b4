#include "svg.h"

#include <array>
#include <charconv>
#include <cmath>

#include "luvit/core/text.h"

namespace luvit {
namespace {

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::string attribute(const char* name, double value) {
  return str(' ', name, "=\"", coordinate(value), '"');
}

std::string look_of(std::string_view look) {
  return str(" class=\"", look, '"');
}

}  // namespace

std::string markup(std::string_view text) {
  std::string out;
  for (char c : escape(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string coordinate(double value) {
  std::array<char, 400> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed, 2).ptr;
  std::string out(digits.data(), end);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out == "-0" || out.empty() ? "0" : out;
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view look) {
  elements_ += str("<line", look_of(look), attribute("x1", x1), attribute("y1", y1), attribute("x2", x2),
                   attribute("y2", y2), "/>\n");
}

void Svg::rect(double x, double y, double width, double height, std::string_view look) {
  elements_ += str("<rect", look_of(look), attribute("x", x), attribute("y", y), attribute("width", width),
                   attribute("height", height), "/>\n");
}

void Svg::filled_rect(double x, double y, double width, double height, const std::string& colour) {
  elements_ += str("<rect fill=\"", colour, '"', attribute("x", x), attribute("y", y), attribute("width", width),
                   attribute("height", height), "/>\n");
}

void Svg::path(const std::string& d, std::string_view look) {
  elements_ += str("<path", look_of(look), " d=\"", d, "\"/>\n");
}

void Svg::open_window(double x, double y, double width, double height) {
  const std::string box = str(coordinate(x), ' ', coordinate(y), ' ', coordinate(width), ' ', coordinate(height));
  elements_ += str("<svg", attribute("x", x), attribute("y", y), attribute("width", width), attribute("height", height),
                   " viewBox=\"", box, "\">\n");
}

void Svg::close_window() {
  elements_ += "</svg>\n";
}

void Svg::text(double x, double y, std::string_view text, std::string_view look, Anchor anchor) {
  text_element(attribute("x", x) + attribute("y", y), text, look, anchor);
}

void Svg::upward_text(double x, double y, std::string_view text, std::string_view look) {
  const std::string place = str(" transform=\"translate(", coordinate(x), ' ', coordinate(y), ") rotate(-90)\"");
  text_element(place, text, look, Anchor::middle);
}

void Svg::text_element(const std::string& place, std::string_view text, std::string_view look, Anchor anchor) {
  static constexpr std::array<const char*, 3> anchors = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
  elements_ +=
      str("<text", look_of(look), place, anchors[static_cast<std::size_t>(anchor)], '>', markup(text), "</text>\n");
}

double text_width(std::string_view text, double font_size) {
  // Means of common sans-serif fonts, on the wide side, so that what fits here fits anywhere.
  double width = 0;
  for (char c : text) {
    if (continues_character(c)) continue;
    const bool narrow = std::string_view("iljtfI.,:;'|!()[] ").find(c) != std::string_view::npos;
    const bool wide = (c >= 'A' && c <= 'Z') || c == 'm' || c == 'w' || c == '%' || static_cast<signed char>(c) < 0;
    width += narrow ? 0.36 : wide ? 0.76 : 0.6;
  }
  return width * font_size;
}

std::vector<std::string> wrapped(std::string_view text, double font_size, double width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!lines.empty() && text_width(str(lines.back(), ' ', word), font_size) <= width)
      lines.back() += str(' ', word);
    else
      lines.emplace_back(word);
  }
  return lines;
}

std::string shortened(std::string_view text, double font_size, double width) {
  constexpr double rounding = 0.5;  // room that was measured by this very text must suffice
  if (text_width(text, font_size) <= width + rounding) return std::string(text);
  while (!text.empty() && text_width(str(text, "…"), font_size) > width) {
    while (text.size() > 1 && continues_character(text.back())) text.remove_suffix(1);
    text.remove_suffix(1);
  }
  return str(text, "…");
}

}  // namespace luvit
