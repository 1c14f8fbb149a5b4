#pragma once
#include <string>
#include <utility>
#include <vector>

#include "luvit/report/figure.h"

namespace luvit {

// An image as a page holds it.
struct Picture {
  std::string type;                    // "image/png"
  std::string bytes;                   // encoded
  std::int64_t width = 0, height = 0;  // in pixels
};

enum class Align { left, right };  // right: numbers

struct Table {
  struct Column {
    std::string name;
    Align align = Align::left;
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

// One picture of a gallery with lines of text below it; without bytes, an empty frame.
struct GalleryItem {
  Picture picture;
  std::vector<std::string> lines;
};

// An HTML page that stands alone: no script, nothing loaded from anywhere (its own policy forbids it), light and dark,
// for any width; what is wider scrolls in a box of its own. All text given is plain and escaped here. Well-formed as
// XML too.
class Page {
 public:
  Page(std::string title, std::string subtitle);

  // What follows stands under this heading, which the contents at the top link to.
  void section(const std::string& title);
  void heading(const std::string& title);  // a smaller one within the section
  void paragraph(const std::string& text);
  void warning(const std::string& text);  // a paragraph that must not be overlooked
  void table(const Table& table);
  // Terms with an explanation each.
  void terms(const std::vector<std::pair<std::string, std::string>>& terms);
  void gallery(const std::vector<GalleryItem>& items);
  // Figures stand beside each other where there is room. The caption is below.
  void figure(const Figure& figure, const std::string& caption);

  std::string html() const;

 private:
  void end_figures();

  std::string title_, subtitle_, body_;
  std::vector<std::string> sections_;
  bool in_section_ = false, in_figures_ = false;
};

std::string base64(std::string_view bytes);

}  // namespace luvit
