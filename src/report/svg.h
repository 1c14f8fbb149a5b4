#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace luvit {

// Text for HTML and XML: markup characters as entities, controls and broken UTF-8 as \xNN.
std::string markup(std::string_view text);

// "12.5": at most two decimals, no "-0"; the same on every machine.
std::string coordinate(double value);

enum class Anchor { start, middle, end };

// Collects the elements of a drawing. Looks come from the classes of figure_style() alone.
class Svg {
 public:
  void line(double x1, double y1, double x2, double y2, std::string_view look);
  void rect(double x, double y, double width, double height, std::string_view look);
  void filled_rect(double x, double y, double width, double height, const std::string& colour);
  void path(const std::string& d, std::string_view look);
  void text(double x, double y, std::string_view text, std::string_view look, Anchor anchor = Anchor::start);
  void upward_text(double x, double y, std::string_view text, std::string_view look);  // centred at (x, y)
  // What is drawn between the two is cut off at the rectangle's sides.
  void open_window(double x, double y, double width, double height);
  void close_window();
  std::string take() { return std::move(elements_); }

 private:
  void text_element(const std::string& place, std::string_view text, std::string_view look, Anchor anchor);
  std::string elements_;
};

// About how wide a line of text is at a font size; the font is the reader's.
double text_width(std::string_view text, double font_size);
// Broken into lines of at most `width` where it has spaces.
std::vector<std::string> wrapped(std::string_view text, double font_size, double width);
// Cut with "…" where it is wider.
std::string shortened(std::string_view text, double font_size, double width);

}  // namespace luvit
