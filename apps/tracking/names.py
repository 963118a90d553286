"""Names for runs and models that came without one: an adjective, an animal, a number."""

import secrets

_ADJECTIVES = (
    "able amber agile bold brave bright brisk calm candid clever cosmic crisp curious daring deft eager early "
    "earnest elated fair famous fancy fleet fond frank gentle glad golden grand handy happy hardy honest humble "
    "jolly keen kind lively loyal lucid lucky lunar mellow merry mighty modest nimble noble open patient placid "
    "plucky polite proud quick quiet rapid ready robust rosy royal serene sharp shiny silent sleek smart snappy "
    "solar steady stellar sturdy subtle sunny super swift tender tidy tranquil trusty upbeat vivid warm wise witty "
    "zesty"
).split()

_ANIMALS = (
    "badger beaver bison bobcat camel cheetah cobra condor coyote crane crow deer dingo dolphin donkey dove eagle "
    "egret eland falcon ferret finch fox gazelle gecko gibbon goose gopher grouse gull hare hawk heron hippo horse "
    "husky ibex ibis iguana jackal jaguar kestrel kiwi koala lark lemur leopard lion llama lynx macaw magpie marmot "
    "marten mole moose mouse newt ocelot octopus orca oriole osprey otter owl panda panther parrot pelican penguin "
    "pigeon plover puffin puma quail rabbit raven robin salmon seal shark sparrow squid stork swan tapir tern tiger "
    "toucan trout turtle viper walrus weasel whale wolf wombat wren yak zebra"
).split()


def random_name() -> str:
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_ANIMALS)}-{secrets.randbelow(1000)}"
