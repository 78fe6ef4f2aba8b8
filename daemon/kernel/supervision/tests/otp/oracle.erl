%% Plays scenarios on OTP's own supervisor and prints what happened: `erl -noshell -run oracle main IN OUT`.
%% IN holds one term per scenario, {Seed, Tree, Ops}; OUT gets one line per scenario, "Seed Trace", or
%% "Seed late" where the machine was too busy for the clock by which OTP counts restarts. Every reply is what
%% `supervisor` said, every end is what a monitor saw; nothing is answered here.
%%
%% Tree  {sup, Id, {Strategy, Intensity, Period, Auto}, Restart, Significant, Shutdown, [Tree]}
%%       {worker, Id, Restart, Significant, Shutdown}
%%       {pool, Id, {Intensity, Period}, {Restart, Shutdown}, Restart, Significant}
%% A worker asks the scribe before it starts: what it is to do is the scribe's, so it outlives restarts.
-module(oracle).
-behaviour(supervisor).
-export([main/1, init/1, start_worker/2, start_member/2, start_sup/2, worker/3]).

%% How long a quiet tree is looked at again, ms; and how often before it counts as quiet.
-define(LOOK_MS, 2).
-define(LOOKS, 3).
%% A scenario that took so much longer than it waits has met OTP's clock where it should not.
-define(LATE_MS, 4000).

main([In, Out]) ->
    logger:set_primary_config(level, none),
    {ok, Scenarios} = file:consult(In),
    Self = self(),
    Players = [spawn_monitor(fun() -> Self ! {self(), play(Scenario)} end) || Scenario <- Scenarios],
    Lines = [receive
                 {Pid, Line} -> Line;
                 {'DOWN', Ref, process, Pid, Why} when Why =/= normal ->
                     io_lib:format("crashed ~0p", [Why])
             end || {Pid, Ref} <- Players],
    Seeds = [element(1, Scenario) || Scenario <- Scenarios],
    Text = [io_lib:format("~b ~s~n", [Seed, Line]) || {Seed, Line} <- lists:zip(Seeds, Lines)],
    ok = file:write_file(Out, Text),
    halt(0).

play({_Seed, Tree, Ops}) ->
    Begun = erlang:monotonic_time(millisecond),
    Waits = lists:sum([Ms || {wait, Ms} <- Ops]),
    Line = play(Tree, Ops),
    Took = erlang:monotonic_time(millisecond) - Begun,
    case Took - Waits > ?LATE_MS of true -> "late"; false -> Line end.

play(Tree, Ops) ->
    process_flag(trap_exit, true),
    Scribe = spawn_link(fun() ->
        scribe(#{lines => [], moods => #{}, pids => #{}, ever => #{}, ups => #{}, scripts => #{}, asked => 0, replies => []})
    end),
    {Moods, Rest} = lists:splitwith(fun(Op) -> element(1, Op) =:= mood end, Ops),
    [ask(Scribe, Mood) || Mood <- Moods],
    Root = case start_sup(Scribe, Tree) of
        {ok, Pid} -> note(Scribe, "up"), quiet(Scribe, Pid), [act(Scribe, Pid, Op) || Op <- Rest], Pid;
        {error, Why} -> note(Scribe, ["failed", failed_at(Why)]), undefined
    end,
    stop(Scribe, Root),
    Lines = ask(Scribe, lines),
    unlink(Scribe),
    exit(Scribe, kill),
    lists:join(" ", lists:reverse(Lines)).

stop(_Scribe, undefined) -> ok;
stop(Scribe, Root) ->
    case is_process_alive(Root) of
        true ->
            note(Scribe, "stop"),
            exit(Root, shutdown),
            receive {'EXIT', Root, Reason} -> note(Scribe, ["down:", reason(Reason)]) end,
            answered(Scribe),
            ask(Scribe, tell);
        false ->
            receive {'EXIT', Root, Reason} -> note(Scribe, ["ended:", reason(Reason)]) end
    end.

%% What a scenario can do.

act(Scribe, _Root, {mood, _, _} = Mood) -> ask(Scribe, Mood);
act(Scribe, _Root, {during, _, _, _, _} = During) -> ask(Scribe, During);
act(Scribe, Root, Op) ->
    case is_process_alive(Root) of
        true -> do(Scribe, Op), quiet(Scribe, Root), answered(Scribe), ask(Scribe, tell);
        false -> ok
    end.

do(_Scribe, {wait, Ms}) -> timer:sleep(Ms);
do(Scribe, {'end', Id, Reason}) ->
    case living(Scribe, Id) of
        undefined -> ok;
        Pid ->
            Ref = monitor(process, Pid),
            finish(Pid, Reason),
            receive {'DOWN', Ref, process, Pid, _} -> ok end
    end;
%% A member that lives is found, not started; OTP has no such notion, so it is not asked.
do(Scribe, {call, Sup, {member, Id} = Call}) ->
    case {living(Scribe, Sup), living(Scribe, Id)} of
        {Pid, Member} when is_pid(Pid), is_pid(Member) -> ok;
        {Pid, _} -> call(Scribe, ask(Scribe, asks), Pid, Call)
    end;
do(Scribe, {call, Sup, Call}) ->
    call(Scribe, ask(Scribe, asks), living(Scribe, Sup), Call).

finish(Pid, kill) -> exit(Pid, kill);
finish(Pid, Reason) -> Pid ! {die, why(Reason)}.

%% Who asked while a supervisor was busy has an answer, or knows that there will be none.
answered(Scribe) ->
    case ask(Scribe, waiting) of 0 -> ok; _ -> timer:sleep(?LOOK_MS), answered(Scribe) end.

call(Scribe, Turn, Sup, Call) ->
    Reply = try put_to(Scribe, Sup, Call) catch exit:_ -> gone end,
    ask(Scribe, {reply, Turn, text(["=", reply(Scribe, Call, Reply)])}).

put_to(Scribe, Sup, Call) ->
    case Call of
        _ when Sup =:= undefined -> exit(noproc);
        {start, Spec} -> supervisor:start_child(Sup, spec(Scribe, Spec));
        {member, Id} -> supervisor:start_child(Sup, [Id]);
        {terminate, Id} -> supervisor:terminate_child(Sup, Id);
        %% Of a member that never was: of a process that is no child.
        {terminate_member, Id} -> supervisor:terminate_child(Sup, ask(Scribe, {pid, Id, Scribe}));
        {member_spec, Id} -> supervisor:get_childspec(Sup, ask(Scribe, {pid, Id, Scribe}));
        {restart, Id} -> supervisor:restart_child(Sup, Id);
        {delete, Id} -> supervisor:delete_child(Sup, Id);
        {spec, Id} -> supervisor:get_childspec(Sup, Id);
        which -> {which, supervisor:which_children(Sup)};
        count -> {count, supervisor:count_children(Sup)}
    end.

reply(Scribe, {start, {worker, Id, _, _, _}}, {error, {already_started, Pid}}) ->
    case ask(Scribe, {was, Id, Pid}) of true -> "already_started:it"; false -> "already_started:other" end;
reply(_Scribe, _Call, Reply) -> reply(Reply).

reply(ok) -> "ok";
reply(gone) -> "nosup";
reply({ok, undefined}) -> "ok:none";
reply({ok, Pid}) when is_pid(Pid) -> "ok:pid";
reply({ok, #{id := member, restart := R, significant := S, shutdown := D, type := T}}) ->
    io_lib:format("spec:~s:~s:~p:~s", [letter(R), letter(S), D, letter(T)]);
reply({ok, #{id := Id, restart := R, significant := S, shutdown := D, type := T}}) ->
    io_lib:format("spec:~s:~s:~s:~p:~s", [Id, letter(R), letter(S), D, letter(T)]);
reply({error, {already_started, _}}) -> "already_started";
reply({error, {bad_combination, _}}) -> "invalid";
reply({error, moody}) -> "failed";
reply({error, {Why, Child}}) when element(1, Child) =:= child -> ["failed", failed_at(Why)];
reply({error, Why}) when is_atom(Why) -> atom_to_list(Why);
reply({error, Why}) -> ["failed", failed_at(Why)];
reply({which, Children}) ->
    Rows = [[case Id of undefined -> "*"; _ -> atom_to_list(Id) end, ":", standing(Child), letter(Type)]
            || {Id, Child, Type, _} <- Children],
    Sorted = case Children of [{undefined, _, _, _} | _] -> lists:sort(Rows); _ -> Rows end,
    ["[", lists:join(",", Sorted), "]"];
reply({count, [{specs, S}, {active, A}, {supervisors, U}, {workers, W}]}) ->
    io_lib:format("~b/~b/~b/~b", [S, A, U, W]).

%% Which child of which child it was.
failed_at({shutdown, {failed_to_start_child, Id, Why}}) -> [":", atom_to_list(Id), failed_at(Why)];
failed_at(moody) -> "".

standing(undefined) -> "-";
standing(restarting) -> "~";
standing(Pid) when is_pid(Pid) -> "+".

letter(Atom) -> [hd(atom_to_list(Atom))].

why(error) -> boom;
why(done) -> {shutdown, done};
why(Reason) -> Reason.

reason(normal) -> "n";
reason(shutdown) -> "s";
reason({shutdown, _}) -> "d";
reason(killed) -> "k";
reason(_) -> "e".

%% Quiet is a tree whose supervisors have answered several times in a row and nothing changed in between.

quiet(Scribe, Root) -> quiet(Scribe, Root, none, 0).

quiet(_Scribe, _Root, _Last, ?LOOKS) -> ok;
quiet(Scribe, Root, Last, Looks) ->
    case {ask(Scribe, count), look(Root)} of
        {_, gone} -> ok;
        {_, restless} -> quiet(Scribe, Root, none, 0);
        Last -> quiet(Scribe, Root, Last, Looks + 1);
        Now -> timer:sleep(?LOOK_MS), quiet(Scribe, Root, Now, 0)
    end.

look(Sup) ->
    try supervisor:which_children(Sup) of
        Children -> look_at(Children)
    catch exit:_ -> case is_process_alive(Sup) of true -> restless; false -> gone end
    end.

look_at(Children) ->
    Seen = [seen(Child) || Child <- Children],
    case lists:member(restless, Seen) of true -> restless; false -> Seen end.

seen({_, restarting, _, _}) -> restless;
seen({_, undefined, _, _}) -> down;
seen({_, Pid, supervisor, _}) -> case look(Pid) of gone -> restless; Seen -> {Pid, Seen} end;
seen({_, Pid, worker, _}) -> case is_process_alive(Pid) of true -> Pid; false -> restless end.

%% Supervisors and their children.

start_sup(Scribe, Tree) ->
    Started = supervisor:start_link(?MODULE, {Scribe, Tree}),
    case Started of {ok, Pid} -> ask(Scribe, {up, element(2, Tree), Pid}); _ -> ok end,
    Started.

init({Scribe, {sup, Id, {Strategy, Intensity, Period, Auto}, _, _, _, Children}}) ->
    ask(Scribe, {born, Id, self(), supervisor}),
    Flags = #{strategy => Strategy, intensity => Intensity, period => Period, auto_shutdown => Auto},
    {ok, {Flags, [spec(Scribe, Child) || Child <- Children]}};
init({Scribe, {pool, Id, {Intensity, Period}, {Restart, Shutdown}, _, _}}) ->
    ask(Scribe, {born, Id, self(), supervisor}),
    Flags = #{strategy => simple_one_for_one, intensity => Intensity, period => Period},
    {ok, {Flags, [#{id => member, start => {?MODULE, start_member, [Scribe]}, restart => Restart,
                    shutdown => Shutdown}]}}.

spec(Scribe, {worker, Id, Restart, Significant, Shutdown}) ->
    #{id => Id, start => {?MODULE, start_worker, [Scribe, Id]}, restart => Restart,
      significant => Significant, shutdown => Shutdown};
spec(Scribe, {sup, Id, _, Restart, Significant, Shutdown, _} = Tree) ->
    #{id => Id, start => {?MODULE, start_sup, [Scribe, Tree]}, restart => Restart,
      significant => Significant, shutdown => Shutdown, type => supervisor};
spec(Scribe, {pool, Id, _, _, Restart, Significant} = Tree) ->
    #{id => Id, start => {?MODULE, start_sup, [Scribe, Tree]}, restart => Restart,
      significant => Significant, type => supervisor}.

start_member(Scribe, Id) -> start_worker(Scribe, Id).

start_worker(Scribe, Id) -> proc_lib:start_link(?MODULE, worker, [self(), Scribe, Id]).

worker(Parent, Scribe, Id) ->
    process_flag(trap_exit, true),
    case ask(Scribe, {begins, Id}) of
        fail -> note(Scribe, ["!", Id]), meanwhile(Parent, Scribe, Id, start), proc_lib:init_ack(Parent, {error, moody});
        ignore -> note(Scribe, ["?", Id]), meanwhile(Parent, Scribe, Id, start), proc_lib:init_ack(Parent, ignore);
        well ->
            ask(Scribe, {born, Id, self(), worker}),
            note(Scribe, ["+", Id]),
            meanwhile(Parent, Scribe, Id, start),
            proc_lib:init_ack(Parent, {ok, self()}),
            work(Parent, Scribe, Id)
    end.

work(Parent, Scribe, Id) ->
    receive
        {die, Reason} -> leave(Scribe, Id, Reason);
        {'EXIT', Parent, Reason} ->
            note(Scribe, ["-", Id, ":", reason(Reason)]),
            meanwhile(Parent, Scribe, Id, stop),
            go(Scribe, Id, Reason)
    end.

leave(Scribe, Id, Reason) ->
    note(Scribe, ["-", Id, ":", reason(Reason)]),
    go(Scribe, Id, Reason).

go(Scribe, Id, Reason) ->
    case ask(Scribe, {deaf, Id}) of
        true -> receive never -> ok end;
        false -> exit(Reason)
    end.

%% What is to happen while the supervisor waits for this start or stop: each thing is in its queue before the
%% next one happens, and all are before it goes on. A supervisor that is not up yet is left alone.

meanwhile(Parent, Scribe, Id, Moment) ->
    case ask(Scribe, {script, Id, Moment}) of
        {Parent, Acts} -> note(Scribe, ["@", Id]), [deliver(Parent, Scribe, Act) || Act <- Acts];
        _ -> ok
    end.

deliver(Parent, Scribe, {'end', Id, Reason}) ->
    case living(Scribe, Id) of
        undefined -> ok;
        Pid -> finish(Pid, Reason), arrived(Parent, fun({'EXIT', From, _}) -> From =:= Pid; (_) -> false end)
    end;
deliver(Parent, Scribe, {call, Call}) ->
    Turn = ask(Scribe, asks),
    Asker = spawn(fun() -> call(Scribe, Turn, Parent, Call) end),
    arrived(Parent, fun({'$gen_call', {From, _}, _}) -> From =:= Asker; (_) -> false end).

arrived(Parent, Is) ->
    {messages, Messages} = process_info(Parent, messages),
    case lists:any(Is, Messages) of true -> ok; false -> erlang:yield(), arrived(Parent, Is) end.

%% The scribe keeps the trace, who is where, and what the next starts shall do.

ask(Scribe, Question) ->
    Ref = monitor(process, Scribe),
    Scribe ! {Ref, self(), Question},
    receive
        {Ref, Answer} -> demonitor(Ref, [flush]), Answer;
        {'DOWN', Ref, process, Scribe, _} -> exit(no_scribe)
    end.

note(Scribe, Line) -> ask(Scribe, {note, text(Line)}).

living(Scribe, Id) ->
    Pid = ask(Scribe, {pid, Id, undefined}),
    case is_pid(Pid) andalso is_process_alive(Pid) of true -> Pid; false -> undefined end.

text(Line) -> lists:flatten([case Part of P when is_atom(P) -> atom_to_list(P); P -> P end
                             || Part <- case io_lib:char_list(Line) of true -> [Line]; _ -> Line end]).

scribe(#{lines := Lines, ever := Ever} = State) ->
    receive
        {Ref, From, Question} ->
            {Answer, Next} = said(Question, State),
            From ! {Ref, Answer},
            scribe(Next);
        {'DOWN', _, process, Pid, killed} ->
            scribe(State#{lines := ["*" ++ atom_to_list(maps:get(Pid, Ever)) | Lines]});
        {'DOWN', _, process, _, _} -> scribe(State)
    end.

said(lines, #{lines := Lines} = State) -> {Lines, State};
said(count, #{lines := Lines} = State) -> {length(Lines), State};
said({note, Line}, #{lines := Lines} = State) -> {ok, State#{lines := [Line | Lines]}};
%% Answers are told when all is quiet again, in the order of the questions.
said(asks, #{asked := Asked} = State) -> {Asked, State#{asked := Asked + 1}};
said({reply, Turn, Line}, #{replies := Replies} = State) -> {ok, State#{replies := [{Turn, Line} | Replies]}};
said(waiting, #{asked := Asked, replies := Replies} = State) -> {Asked - length(Replies), State};
said(tell, #{lines := Lines, replies := Replies} = State) ->
    Told = [Line || {_, Line} <- lists:reverse(lists:sort(Replies))],
    {ok, State#{lines := Told ++ Lines, replies := [], asked := 0, scripts := #{}}};
said({pid, Id, Default}, #{pids := Pids} = State) -> {maps:get(Id, Pids, Default), State};
said({was, Id, Pid}, #{ever := Ever} = State) -> {maps:get(Pid, Ever, none) =:= Id, State};
said({born, Id, Pid, Type}, #{pids := Pids, ever := Ever} = State) ->
    case Type of worker -> monitor(process, Pid); supervisor -> ok end,
    {ok, State#{pids := Pids#{Id => Pid}, ever := Ever#{Pid => Id}}};
said({up, Id, Pid}, #{ups := Ups} = State) -> {ok, State#{ups := Ups#{Id => Pid}}};
said({mood, Id, Mood}, #{moods := Moods} = State) -> {ok, State#{moods := Moods#{Id => Mood}}};
said({deaf, Id}, #{moods := Moods} = State) -> {maps:get(Id, Moods, well) =:= deaf, State};
said({during, Id, Moment, Sup, Acts}, #{scripts := Scripts} = State) ->
    {ok, State#{scripts := Scripts#{{Id, Moment} => {Sup, Acts}}}};
said({script, Id, Moment}, #{scripts := Scripts, pids := Pids, ups := Ups} = State) ->
    case maps:take({Id, Moment}, Scripts) of
        error -> {none, State};
        {{Sup, Acts}, Rest} ->
            Up = maps:get(Sup, Ups, none),
            Answer = case maps:get(Sup, Pids, none) of Up -> {Up, Acts}; _ -> none end,
            {Answer, State#{scripts := Rest}}
    end;
%% A mood that is {fail, N} or {ignore, N} is for the next N starts; one that is deaf stays.
said({begins, Id}, #{moods := Moods} = State) ->
    case maps:get(Id, Moods, well) of
        {Mood, 1} -> {Mood, State#{moods := Moods#{Id => well}}};
        {Mood, N} -> {Mood, State#{moods := Moods#{Id => {Mood, N - 1}}}};
        _ -> {well, State}
    end.
