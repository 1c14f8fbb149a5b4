#include "luvit/report/page.h"

#include "files_for_test.h"
#include "luvit/data/image.h"
#include "luvit/report/charts.h"

namespace luvit {
namespace {

const std::string nasty = "<script>alert('1')</script> & \"x\" \x1b[31m \xff";
const std::string disarmed = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot; \\x1b[31m \\xff";

TEST(Page, EscapesAllTextAndStaysWellFormed) {
  Page page(nasty, nasty);
  page.section(nasty);
  page.heading(nasty);
  page.paragraph(nasty);
  page.warning(nasty);
  page.table({.columns = {{nasty}, {"n", Align::right}}, .rows = {{nasty, "1"}}});
  page.tables({{nasty, {.columns = {{"a"}}, .rows = {{nasty}}}}});
  page.terms({{nasty, nasty}});
  page.figure(draw(Plot{.name = "p", .title = nasty, .x = {.label = nasty}, .y = {.label = nasty}}), nasty);
  page.gallery({{.picture = {"image/png", "123", 4, 5}, .lines = {nasty}}, {.picture = {}, .lines = {nasty}}});
  const std::string html = page.html();
  EXPECT_EQ(ill_formed(html), "");
  EXPECT_FALSE(contains(html, "<script"));
  EXPECT_FALSE(contains(html, "\x1b"));
  EXPECT_GE(times(html, disarmed), 17u);
}

TEST(IllFormed, FindsWhatIsWrong) {  // the check itself
  EXPECT_EQ(ill_formed("<p class=\"a>b\">x &amp; y<br /></p>"), "");
  for (const char* wrong : {"<p>", "</p>", "<p><b></p></b>", "a & b", "<p", "<p a=\"<\">x</p>"})
    EXPECT_NE(ill_formed(wrong), "") << wrong;
}

TEST(Page, AsksForNothing) {
  Page page("T", "S");
  page.figure(draw(Plot{.name = "p", .title = "P", .x = {.label = "x"}, .y = {.label = "y"}}), "c");
  page.gallery({{.picture = {"image/png", "1", 1, 1}, .lines = {}}});
  const std::string html = page.html();
  EXPECT_FALSE(contains(html, "http:") || contains(html, "https:") || contains(html, "//"));
  EXPECT_FALSE(contains(html, "url(") || contains(html, "@import") || contains(html, "<script"));
  EXPECT_EQ(times(html, "src=\""), times(html, "src=\"data:image/"));
  EXPECT_EQ(times(html, "href=\""), times(html, "href=\"data:,\"") + times(html, "href=\"#"));
  EXPECT_TRUE(contains(html, "default-src 'none'"));
}

TEST(Page, ItsContentsLinkToItsSections) {
  Page page("T", "S");
  page.section("One");
  page.section("Two");
  const std::string html = page.html();
  EXPECT_TRUE(contains(html, "<a href=\"#s1\">One</a>") && contains(html, "<section id=\"s1\">"));
  EXPECT_TRUE(contains(html, "<a href=\"#s2\">Two</a>") && contains(html, "<section id=\"s2\">"));
}

TEST(Page, FiguresThatFollowEachOtherStandBesideEachOther) {
  Page page("T", "S");
  const Figure figure = draw(Plot{.name = "p", .title = "P", .x = {.label = "x"}, .y = {.label = "y"}});
  page.figure(figure, "a");
  page.picture({"image/png", "1", 200, 100}, "b");
  page.paragraph("between");
  page.figure(figure, "c");
  EXPECT_EQ(times(page.html(), "class=\"beside figures\""), 2u);
  EXPECT_EQ(ill_formed(page.html()), "");
}

TEST(PictureOf, PhotographsAreMadeSmallerAndSmallImagesStay) {
  const auto grey = [](std::int64_t height, std::int64_t width) {
    return Image{height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * 3), 128)};
  };
  const Picture photograph = picture_of(grey(300, 600), 200);
  EXPECT_EQ(photograph.type, "image/jpeg");
  EXPECT_EQ(photograph.width, 200);
  EXPECT_EQ(photograph.height, 100);
  const std::vector<std::uint8_t> bytes(photograph.bytes.begin(), photograph.bytes.end());
  const Image decoded = decode(bytes, "picture");
  EXPECT_EQ(decoded.width, 200);
  EXPECT_NEAR(decoded.pixels[0], 128, 2);

  const Picture small = picture_of(grey(28, 28), 16);
  EXPECT_EQ(small.type, "image/png");
  EXPECT_EQ(small.width, 28);
  EXPECT_EQ(picture_of(grey(1, 5000), 100).height, 1);  // never nothing
}

TEST(Base64, Rfc4648Examples) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe"), "//4=");
}

}  // namespace
}  // namespace luvit
