// A program that takes no care of anything.
setInterval(() => {}, 1_000)
