#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "luvit/report/figure.h"
#include "luvit/report/picture.h"

namespace luvit {

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

// Small pictures in rows and columns, each row with lines of text before it; a picture without bytes is an empty cell.
struct PictureTable {
  std::vector<std::string> columns;
  struct Row {
    std::vector<std::string> lines;
    std::vector<Picture> pictures;  // a column each
  };
  std::vector<Row> rows;
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
  // Tables beside each other where there is room, each below its title.
  void tables(const std::vector<std::pair<std::string, Table>>& titled);
  // Terms with an explanation each.
  void terms(const std::vector<std::pair<std::string, std::string>>& terms);
  void gallery(const std::vector<GalleryItem>& items);
  void picture_table(const PictureTable& table);
  // Figures and pictures stand beside each other where there is room. The caption is below.
  void figure(const Figure& figure, const std::string& caption);
  void picture(const Picture& picture, const std::string& caption);

  std::string html() const;

 private:
  void captioned(const std::string& content, const std::string& caption);
  void end_figures();

  std::string title_, subtitle_, body_;
  std::vector<std::string> sections_;
  bool in_section_ = false, in_figures_ = false;
};

std::string base64(std::string_view bytes);

}  // namespace luvit
