#include "config_files.h"

namespace luvit {
namespace {

// A list of entries as luvit_eval's suites are one.
struct Dish {
  std::string name, place;
  std::int64_t portions = 1;
  bool spicy = false;
  std::optional<double> oven;
};
void declare_dish(Schema& schema, Dish& dish) {
  schema.add("name", dish.name, "what it is called").required();
  schema.add("place", dish.place, "where it is eaten");
  schema.add("portions", dish.portions, "for so many").range(1, 9);
  schema.add("spicy", dish.spicy, "for those who like it").when("place=home|garden");
  schema.section("heat", "how it is cooked");
  schema.add("heat.oven", dish.oven, "how hot").range(0, 300).units("degrees");
}

struct Menu {
  std::vector<Dish> dishes;
  std::string day;
  Schema schema;
  Menu() {
    schema.add_entries("dishes", dishes, "what there is", declare_dish);
    schema.add("day", day, "when");
  }
  Menu(const Menu&) = delete;
  std::string complaint(const std::string& path, const std::vector<std::string>& overrides = {}) {
    try {
      read_config(schema, path, overrides);
    } catch (const UsageError& error) {
      std::string text = error.what(), folder = std::filesystem::path(path).parent_path().string() + "/";
      for (std::size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
      return text;
    }
    return "";
  }
};

const char* const two_dishes =
    "dishes:\n"
    "  - {name: soup, place: home, spicy: true, heat: {oven: 180}}\n"
    "  - name: cake\n"
    "    portions: 4\n";

TEST(Entries, AreReadInTheirOrderWithTheirPlaces) {
  ConfigFiles files;
  Menu menu;
  const Written written = read_config(menu.schema, files.write("m.yaml", two_dishes), {});
  ASSERT_EQ(menu.dishes.size(), 2u);
  EXPECT_EQ(menu.dishes[0].name, "soup");
  EXPECT_TRUE(menu.dishes[0].spicy);
  EXPECT_EQ(menu.dishes[0].oven, 180);
  EXPECT_EQ(menu.dishes[1].name, "cake");
  EXPECT_EQ(menu.dishes[1].portions, 4);
  EXPECT_FALSE(menu.dishes[1].oven);
  EXPECT_EQ(written.where("dishes.cake.portions"), files.path("m.yaml:4"));
  EXPECT_EQ(written.where("dishes.soup.heat.oven"), files.path("m.yaml:2"));
  EXPECT_FALSE(written.has("dishes.cake.place"));
}

TEST(Entries, AreReachedByNameOrPlace) {
  ConfigFiles files;
  Menu menu;
  const std::string base = files.write("m.yaml", two_dishes);
  const Written written =
      read_config(menu.schema, base, {"dishes.cake.portions=6", "dishes.0.place=garden", "dishes.soup.heat.oven=null"});
  EXPECT_EQ(menu.dishes[1].portions, 6);
  EXPECT_EQ(menu.dishes[0].place, "garden");
  EXPECT_FALSE(menu.dishes[0].oven);
  EXPECT_EQ(written.where("dishes.cake.portions"), "command line");

  Menu later, without, other;
  read_config(later.schema, files.write("l.yaml", "base: m.yaml\ndishes: {cake: {heat: {oven: 90}}}\n"), {});
  EXPECT_EQ(later.dishes[1].oven, 90);
  EXPECT_EQ(later.dishes[1].portions, 4);
  read_config(without.schema, base, {"dishes.soup=null"});
  ASSERT_EQ(without.dishes.size(), 1u);
  EXPECT_EQ(without.dishes[0].name, "cake");
  read_config(other.schema, base, {"dishes=[{name: pie}]", "dishes.pie.portions=2"});
  ASSERT_EQ(other.dishes.size(), 1u);
  EXPECT_EQ(other.dishes[0].portions, 2);
}

TEST(Entries, AreCheckedLikeAnythingElse) {
  ConfigFiles files;
  const std::string path = files.write("m.yaml",
                                       "dishes:\n"
                                       "  - {name: soup, plaec: home, x-note: none}\n"
                                       "  - name: cake\n"
                                       "    portions: 12\n"
                                       "    oven: 3\n"
                                       "  - {spicy: true, place: inn, dishes: 3}\n");
  EXPECT_EQ(Menu().complaint(path),
            "m.yaml:2: key `dishes.soup.plaec` is unknown; did you mean `dishes.soup.place`?\n"
            "m.yaml:4: key `dishes.cake.portions`: expected an integer from 1 to 9, found `12`\n"
            "m.yaml:5: key `dishes.cake.oven` is unknown; it exists under `dishes.cake.heat.`\n"
            "m.yaml:6: key `dishes.2.dishes` is unknown\n"
            "m.yaml:6: key `dishes.2.spicy`: it belongs to place: home or garden, and here that is `inn`");
  EXPECT_EQ(Menu().complaint("", {"dishes=3"}),
            "command line: key `dishes`: expected a list of entries, each with keys of its own, found `3`");
  EXPECT_EQ(
      Menu().complaint("", {"dishes=[{name: a}, 4]"}),
      "command line: key `dishes`: expected a list of entries, each with keys of its own, found `[a section, 4]`");
  EXPECT_EQ(Menu().complaint(files.write("n.yaml", two_dishes), {"dishes.pie.portions=2", "dishes.cake=3"}),
            "command line: `dishes` has no entry `pie`; it has soup, cake\n"
            "command line: key `dishes.cake`: expected keys of this entry, found `3`");
  EXPECT_EQ(Menu().complaint(files.path("n.yaml"), {"dishes.cake.portion=2"}),
            "command line: key `dishes.cake.portion` is unknown; did you mean `dishes.cake.portions`?");
}

TEST(Entries, ArePrintedALineEachAndReadBack) {
  ConfigFiles files;
  Menu menu, again;
  read_config(menu.schema, files.write("m.yaml", two_dishes), {"day=today"});
  const std::string text = print_config(menu.schema);
  EXPECT_EQ(text,
            "dishes:\n"
            "  - {name: soup, place: home, portions: 1, spicy: true, heat: {oven: 180}}\n"
            "  - {name: cake, portions: 4}\n"
            "day: today\n");
  read_config(again.schema, files.write("again.yaml", text), {});
  EXPECT_EQ(print_config(again.schema), text);
  EXPECT_EQ(print_config(Menu().schema), "dishes: []\nday: null\n");
}

TEST(Entries, HaveHelp) {
  const Menu menu;
  const std::string all = print_help(menu.schema, "");
  EXPECT_NE(all.find("  dishes.NAME.spicy\n"), std::string::npos) << all;
  EXPECT_NE(all.find("only for dishes.NAME.place: home or garden"), std::string::npos) << all;
  EXPECT_NE(all.find("dishes.NAME.heat: how it is cooked\n"), std::string::npos) << all;
  EXPECT_NE(print_help(menu.schema, "dishes").find("dishes.NAME.portions"), std::string::npos);
  EXPECT_EQ(print_help(menu.schema, "dishes.soup.heat.oven"), print_help(menu.schema, "dishes.NAME.heat.oven"));
}

}  // namespace
}  // namespace luvit
