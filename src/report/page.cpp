#include "luvit/report/page.h"

#include "luvit/core/text.h"
#include "page_style.h"
#include "svg.h"

namespace luvit {
namespace {

std::string element(const char* name, const std::string& text, const char* attributes = "") {
  return str('<', name, attributes, '>', markup(text), "</", name, ">\n");
}

// "0.31 [0.12, 0.44]": where room is short the interval goes below its number, whole.
std::string number_markup(const std::string& text) {
  const std::size_t interval = text.find(" [");
  if (interval == std::string::npos) return markup(text);
  return str(markup(text.substr(0, interval)), " <span>", markup(text.substr(interval + 1)), "</span>");
}

// Short text stays on one line: a table that is too wide scrolls. Long text may break.
std::string cell(const char* name, const std::string& text, Align align) {
  constexpr std::size_t long_text = 48;
  if (align == Align::right) return str('<', name, " class=\"number\">", number_markup(text), "</", name, ">\n");
  return element(name, text, text.size() > long_text ? " class=\"long\"" : "");
}

std::string table_element(const Table& table) {
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr>\n";
  for (const Table::Column& column : table.columns) out += cell("th", column.name, column.align);
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>\n";
    for (std::size_t i = 0; i < row.size() && i < table.columns.size(); ++i)
      out += cell(i == 0 ? "th" : "td", row[i], table.columns[i].align);
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table></div>\n";
}

// Pixel art and other small images are enlarged as they are, not blurred.
std::string image_element(const Picture& picture) {
  if (picture.bytes.empty()) return "<div class=\"missing\">no picture</div>\n";
  const bool small = picture.width <= 64 && picture.height <= 64;
  return str("<img", small ? " class=\"small\"" : "", " alt=\"\" width=\"", picture.width, "\" height=\"",
             picture.height, "\" src=\"data:", picture.type, ";base64,", base64(picture.bytes), "\" />\n");
}

}  // namespace

Page::Page(std::string title, std::string subtitle) : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void Page::section(const std::string& title) {
  end_figures();
  if (in_section_) body_ += "</section>\n";
  in_section_ = true;
  sections_.push_back(title);
  body_ += str("<section id=\"s", sections_.size(), "\">\n", element("h2", title));
}

void Page::heading(const std::string& title) {
  end_figures();
  body_ += element("h3", title);
}

void Page::paragraph(const std::string& text) {
  end_figures();
  body_ += element("p", text);
}

void Page::warning(const std::string& text) {
  end_figures();
  body_ += element("p", text, " class=\"warning\"");
}

void Page::table(const Table& table) {
  end_figures();
  body_ += table_element(table);
}

void Page::tables(const std::vector<std::pair<std::string, Table>>& titled) {
  end_figures();
  body_ += "<div class=\"beside\">\n";
  for (const auto& [title, table] : titled)
    body_ += str("<div>\n", element("h4", title), table_element(table), "</div>\n");
  body_ += "</div>\n";
}

void Page::terms(const std::vector<std::pair<std::string, std::string>>& terms) {
  end_figures();
  body_ += "<dl>\n";
  for (const auto& [term, explanation] : terms) body_ += element("dt", term) + element("dd", explanation);
  body_ += "</dl>\n";
}

void Page::gallery(const std::vector<GalleryItem>& items) {
  end_figures();
  body_ += "<div class=\"gallery\">\n";
  for (const GalleryItem& item : items) {
    body_ += "<figure>\n" + image_element(item.picture) + "<figcaption>\n";
    for (const std::string& line : item.lines) body_ += element("div", line);
    body_ += "</figcaption>\n</figure>\n";
  }
  body_ += "</div>\n";
}

void Page::picture_table(const PictureTable& table) {
  end_figures();
  body_ += "<div class=\"scroll\"><table class=\"panels\">\n<thead><tr>\n<th></th>\n";
  for (const std::string& column : table.columns) body_ += element("th", column);
  body_ += "</tr></thead>\n<tbody>\n";
  for (const PictureTable::Row& row : table.rows) {
    body_ += "<tr>\n<th>\n";
    for (const std::string& line : row.lines) body_ += element("div", line);
    body_ += "</th>\n";
    for (const Picture& picture : row.pictures)
      body_ += str("<td>\n", picture.bytes.empty() ? "–\n" : image_element(picture), "</td>\n");
    body_ += "</tr>\n";
  }
  body_ += "</tbody>\n</table></div>\n";
}

void Page::figure(const Figure& figure, const std::string& caption) {
  captioned("<div class=\"scroll\">" + inline_svg(figure) + "</div>\n", caption);
}

void Page::picture(const Picture& picture, const std::string& caption) {
  captioned(image_element(picture), caption);
}

void Page::captioned(const std::string& content, const std::string& caption) {
  if (!in_figures_) body_ += "<div class=\"beside figures\">\n";
  in_figures_ = true;
  body_ += str("<figure>\n", content, element("figcaption", caption), "</figure>\n");
}

void Page::end_figures() {
  if (in_figures_) body_ += "</div>\n";
  in_figures_ = false;
}

std::string Page::html() const {
  std::string contents;
  for (std::size_t i = 0; i < sections_.size(); ++i)
    contents += str("<a href=\"#s", i + 1, "\">", markup(sections_[i]), "</a>\n");
  return str(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'\" />\n<link rel=\"icon\" href=\"data:,\" />\n",
      element("title", title_), "<style>\n", page_style, figure_style(), "</style>\n</head>\n<body>\n<header>\n",
      element("h1", title_), element("p", subtitle_), "</header>\n<nav>\n", contents, "</nav>\n<main>\n", body_,
      in_figures_ ? "</div>\n" : "", in_section_ ? "</section>\n" : "", "</main>\n</body>\n</html>\n");
}

std::string base64(std::string_view bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + k])) : 0u;
    };
    const std::uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace luvit
