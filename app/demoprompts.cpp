// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/demoprompts.h"

#include "core/base/error.h"

#include <fstream>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

Prompts promptsFrom(const Json &json)
{
    Prompts prompts;
    if (const auto points = json.find("points"); points != json.end()) {
        for (std::size_t i = 0; i < points->size(); ++i)
            prompts.points.push_back(
                {points->at(i).at(0).get<double>(), points->at(i).at(1).get<double>(), json.at("labels").at(i).get<int>() != 0});
    }
    if (const auto box = json.find("box"); box != json.end())
        prompts.box = PromptBox {box->at(0).get<double>(), box->at(1).get<double>(), box->at(2).get<double>(), box->at(3).get<double>()};
    prompts.multimask = json.at("multimask").get<bool>();
    return prompts;
}

} // namespace

std::vector<DemoPrompt> demoPrompts(const std::filesystem::path &folder)
{
    const std::filesystem::path path = folder / "prompts.json";
    std::ifstream file(path);
    std::vector<DemoPrompt> result;
    try {
        const Json json = Json::parse(file);
        for (const auto &[photo, description] : json.at("photos").items()) {
            const std::string chosen = description.at("default").get<std::string>();
            for (const Json &prompt : description.at("prompts")) {
                if (prompt.at("name") == chosen)
                    result.push_back({folder / "photos" / photo, description.at("title").get<std::string>(), chosen, promptsFrom(prompt)});
            }
        }
    } catch (const Json::exception &error) {
        throw Error(path.string(), {}, std::string("cannot be understood: ") + error.what());
    }
    return result;
}

} // namespace rekey
