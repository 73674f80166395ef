"""What a simulated study is drawn from: worlds, design, answers, the same as counts, its folder."""
