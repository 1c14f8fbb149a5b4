// The one file that sees yaml-cpp. Its events are used rather than its nodes: nodes hide duplicate keys.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

#include "luvit/core/text.h"
#include "yaml_tree.h"

namespace luvit {
namespace {

// A config has a hundred values; aliases of aliases can make billions out of a few lines.
constexpr std::size_t most_values = 100000;
constexpr std::size_t most_bytes = 1 << 20;

std::size_t count_values(const Tree& tree) {
  std::size_t n = 1;
  for (const auto& item : tree.items) n += count_values(item);
  for (const auto& entry : tree.entries) n += count_values(entry.value);
  return n;
}

bool is_null_text(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

struct Refused {  // ends the reading of a document
  Place place;
  std::string text;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(Place start, Problems& problems) : start_(std::move(start)), problems_(problems) {}

  Tree take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Refused{place(mark), "a second document begins here; a config is one"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { finish(make(Tree::Kind::null, mark), anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{place(mark), "an alias stands inside what it refers to"};
    Tree copy = found->second;
    values_ += count_values(copy);
    if (values_ > most_values) throw Refused{place(mark), "aliases multiply this file beyond any config"};
    finish(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check_tag(mark, tag);
    bool quoted = tag == "!";
    Tree scalar = make(!quoted && is_null_text(text) ? Tree::Kind::null : Tree::Kind::scalar, mark);
    scalar.text = text;
    scalar.quoted = quoted;
    finish(std::move(scalar), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(Tree::Kind::list, mark), mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(Tree::Kind::map, mark), mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Tree tree;
    YAML::anchor_t anchor;
    bool has_key = false;
    std::string key;
    Place key_place;
  };

  Place place(const YAML::Mark& mark) const {
    return start_.line == 0 ? start_ : Place{start_.file, start_.line + std::max(mark.line, 0)};
  }

  Tree make(Tree::Kind kind, const YAML::Mark& mark) {
    ++values_;
    Tree tree;
    tree.kind = kind;
    tree.place = place(mark);
    return tree;
  }

  // "?" is a plain value, "!" a quoted one.
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      problems_.add(place(mark), str("the tag `", escape(tag), "` means nothing here"));
  }

  void open(Tree tree, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(mark, tag);
    stack_.push_back({std::move(tree), anchor});
  }

  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    finish(std::move(frame.tree), frame.anchor);
  }

  void finish(Tree tree, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = tree;
    if (stack_.empty()) {
      root_ = std::move(tree);
      return;
    }
    Frame& parent = stack_.back();
    if (parent.tree.kind == Tree::Kind::list) {
      parent.tree.items.push_back(std::move(tree));
    } else if (!parent.has_key) {
      start_entry(parent, tree);
    } else {
      end_entry(parent, std::move(tree));
    }
  }

  static void start_entry(Frame& map, const Tree& key) {
    if (key.kind == Tree::Kind::list || key.kind == Tree::Kind::map)
      throw Refused{key.place, str("a key must be a word, found ", key.shown())};
    map.has_key = true;
    map.key = key.text;
    map.key_place = key.place;
  }

  void end_entry(Frame& map, Tree value) {
    map.has_key = false;
    if (map.key == "<<") {
      problems_.add(map.key_place, "the merge key `<<` is not supported; inherit from a file by `base:`");
    } else if (const auto* first = map.tree.entry(map.key)) {
      problems_.add(map.key_place,
                    str("key `", escape(map.key), "` stands twice in this section, first at ", first->place.text()));
    } else {
      map.tree.entries.push_back({std::move(map.key), map.key_place, std::move(value)});
    }
  }

  Place start_;
  Problems& problems_;
  Tree root_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Tree> anchors_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

}  // namespace

Tree parse_yaml(const std::string& text, const Place& start, Problems& problems) {
  if (text.size() > most_bytes) {
    problems.add(start, str("not a config: ", human_bytes(static_cast<double>(text.size())), " of text"));
    return {};
  }
  TreeBuilder builder(start, problems);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const YAML::Exception& error) {
    int line = start.line == 0 ? 0 : start.line + std::max(error.mark.line, 0);
    problems.add({start.file, line}, str("not YAML: ", escape(error.msg)));
  } catch (const Refused& refused) {
    problems.add(refused.place, refused.text);
  }
  return {};
}

}  // namespace luvit
