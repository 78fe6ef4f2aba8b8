%% Plays scenarios on OTP's own supervisor and prints what happened: `erl -noshell -run oracle main IN OUT`.
%% IN holds one term per scenario, {Seed, Tree, Ops}; OUT gets one line per scenario, "Seed Trace", or
%% "Seed late" where the machine was too busy for the clock by which OTP counts restarts.
%%
%% Tree  {sup, Id, {Strategy, Intensity, Period, Auto}, Restart, Significant, [Tree]}
%%       {worker, Id, Restart, Significant, Shutdown}
%%       {pool, Id, {Intensity, Period}, Restart, Shutdown}
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
    Scribe = spawn_link(fun() -> scribe(#{lines => [], moods => #{}, pids => #{}, during => #{}, answer => [], asides => [], asking => 0}) end),
    {Moods, Rest} = lists:splitwith(fun(Op) -> element(1, Op) =:= mood end, Ops),
    [ask(Scribe, Mood) || Mood <- Moods],
    Root = case start_sup(Scribe, Tree) of
        {ok, Pid} -> note(Scribe, "up"), quiet(Scribe, Pid), [act(Scribe, Pid, Op) || Op <- Rest], Pid;
        {error, _} -> note(Scribe, "failed"), undefined
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
            receive {'EXIT', Root, Reason} -> note(Scribe, ["down:", reason(Reason)]) end;
        false ->
            receive {'EXIT', Root, Reason} -> note(Scribe, ["ended:", reason(Reason)]) after 0 -> ok end
    end.

%% What a scenario can do.

act(Scribe, Root, Op) ->
    case is_process_alive(Root) of
        true -> do(Scribe, Root, Op), quiet(Scribe, Root), answered(Scribe), ask(Scribe, answers);
        false -> ok
    end.

do(Scribe, _Root, {'end', Id, Reason}) ->
    case ask(Scribe, {pid, Id}) of
        undefined -> ok;
        Pid ->
            Ref = monitor(process, Pid),
            case Reason of
                kill -> exit(Pid, kill);
                _ -> Pid ! {die, why(Reason)}
            end,
            receive {'DOWN', Ref, process, Pid, _} -> ok end
    end;
do(Scribe, _Root, {mood, Id, Mood}) -> ask(Scribe, {mood, Id, Mood});
do(Scribe, _Root, {during, Id, Call}) -> ask(Scribe, {during, Id, Call});
do(_Scribe, _Root, {wait, Ms}) -> timer:sleep(Ms);
do(Scribe, _Root, {call, Sup, {member, Id}}) ->
    case {ask(Scribe, {pid, Sup}), ask(Scribe, {pid, Id})} of
        {undefined, _} -> answer(Scribe, gone);
        {Pid, undefined} -> answer(Scribe, call(Scribe, Pid, {member, Id}));
        {_, _} -> ok
    end;
do(Scribe, _Root, {call, Sup, Call}) ->
    case ask(Scribe, {pid, Sup}) of
        undefined -> answer(Scribe, gone);
        Pid -> answer(Scribe, call(Scribe, Pid, Call))
    end.

%% Who asked while a supervisor was busy has an answer, or knows that there will be none.
answered(Scribe) ->
    case ask(Scribe, asking) of 0 -> ok; _ -> timer:sleep(?LOOK_MS), answered(Scribe) end.

answer(Scribe, Reply) -> ask(Scribe, {answer, text(["=", reply(Reply)])}).

call(Scribe, Pid, Call) ->
    try
        case Call of
            {start, Spec} -> supervisor:start_child(Pid, spec(Scribe, Spec));
            {member, Id} -> supervisor:start_child(Pid, [Id]);
            {terminate, Id} -> supervisor:terminate_child(Pid, Id);
            {terminate_member, Id} ->
                case ask(Scribe, {pid, Id}) of
                    undefined -> {error, not_found};
                    Member -> supervisor:terminate_child(Pid, Member)
                end;
            {restart, Id} -> supervisor:restart_child(Pid, Id);
            {delete, Id} -> supervisor:delete_child(Pid, Id);
            {spec, Id} -> supervisor:get_childspec(Pid, Id);
            which -> {which, supervisor:which_children(Pid)};
            count -> {count, supervisor:count_children(Pid)}
        end
    catch exit:_ -> gone
    end.

reply(ok) -> "ok";
reply(gone) -> "nosup";
reply({ok, undefined}) -> "ok:none";
reply({ok, Pid}) when is_pid(Pid) -> "ok:pid";
reply({ok, #{id := Id, restart := R, significant := S, shutdown := D, type := T}}) ->
    io_lib:format("spec:~s:~s:~s:~p:~s", [Id, letter(R), letter(S), D, letter(T)]);
reply({error, moody}) -> "failed";
reply({error, {already_started, _}}) -> "already_started";
reply({error, {bad_combination, _}}) -> "invalid";
reply({error, {_, Child}}) when element(1, Child) =:= child -> "failed";
reply({error, Why}) when is_atom(Why) -> atom_to_list(Why);
reply({error, _}) -> "failed";
reply({which, Children}) ->
    Rows = [[case Id of undefined -> "*"; _ -> atom_to_list(Id) end, ":", standing(Child), letter(Type)]
            || {Id, Child, Type, _} <- Children],
    Sorted = case Children of [{undefined, _, _, _} | _] -> lists:sort(Rows); _ -> Rows end,
    ["[", lists:join(",", Sorted), "]"];
reply({count, [{specs, S}, {active, A}, {supervisors, U}, {workers, W}]}) ->
    io_lib:format("~b/~b/~b/~b", [S, A, U, W]).

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
    case Started of {ok, Pid} -> ask(Scribe, {born, element(2, Tree), Pid}); _ -> ok end,
    Started.

init({Scribe, {sup, Id, {Strategy, Intensity, Period, Auto}, _, _, Children}}) ->
    ask(Scribe, {born, Id, self()}),
    Flags = #{strategy => Strategy, intensity => Intensity, period => Period, auto_shutdown => Auto},
    {ok, {Flags, [spec(Scribe, Child) || Child <- Children]}};
init({Scribe, {pool, Id, {Intensity, Period}, Restart, Shutdown}}) ->
    ask(Scribe, {born, Id, self()}),
    Flags = #{strategy => simple_one_for_one, intensity => Intensity, period => Period},
    {ok, {Flags, [#{id => member, start => {?MODULE, start_member, [Scribe]}, restart => Restart,
                    shutdown => Shutdown}]}}.

spec(Scribe, {worker, Id, Restart, Significant, Shutdown}) ->
    #{id => Id, start => {?MODULE, start_worker, [Scribe, Id]}, restart => Restart,
      significant => Significant, shutdown => Shutdown};
spec(Scribe, {sup, Id, _, Restart, Significant, _} = Tree) ->
    #{id => Id, start => {?MODULE, start_sup, [Scribe, Tree]}, restart => Restart,
      significant => Significant, type => supervisor};
spec(Scribe, {pool, Id, _, _, _} = Tree) ->
    #{id => Id, start => {?MODULE, start_sup, [Scribe, Tree]}, type => supervisor}.

start_member(Scribe, Id) -> start_worker(Scribe, Id).

start_worker(Scribe, Id) -> proc_lib:start_link(?MODULE, worker, [self(), Scribe, Id]).

worker(Parent, Scribe, Id) ->
    process_flag(trap_exit, true),
    {Mood, During} = ask(Scribe, {begins, Id}),
    case During of
        none -> ok;
        {Sup, Call} ->
            %% The call is in the supervisor's queue before this start has failed.
            Pid = ask(Scribe, {pid, Sup}),
            Self = self(),
            ask(Scribe, asks),
            spawn(fun() ->
                Self ! asking,
                ask(Scribe, {aside, text(["=", reply(call(Scribe, Pid, Call))])})
            end),
            receive asking -> ok end,
            arrived(Parent)
    end,
    case Mood of
        fail -> note(Scribe, ["!", Id]), proc_lib:init_ack(Parent, {error, moody});
        ignore -> note(Scribe, ["?", Id]), proc_lib:init_ack(Parent, ignore);
        _ ->
            ask(Scribe, {born, Id, self()}),
            note(Scribe, ["+", Id]),
            proc_lib:init_ack(Parent, {ok, self()}),
            work(Parent, Scribe, Id)
    end.

%% The parent waits in its receive for this start: a call that it has shows in its queue.
arrived(Parent) ->
    {message_queue_len, Length} = process_info(Parent, message_queue_len),
    case Length of 0 -> erlang:yield(), arrived(Parent); _ -> ok end.

work(Parent, Scribe, Id) ->
    receive
        {die, Reason} -> leave(Scribe, Id, Reason);
        {'EXIT', Parent, Reason} -> leave(Scribe, Id, Reason)
    end.

leave(Scribe, Id, Reason) ->
    note(Scribe, ["-", Id, ":", reason(Reason)]),
    case ask(Scribe, {deaf, Id}) of
        true -> receive never -> ok end;
        false -> exit(Reason)
    end.

%% The scribe keeps the trace, who is where, and what the next starts shall do.

ask(Scribe, Question) ->
    Ref = monitor(process, Scribe),
    Scribe ! {Ref, self(), Question},
    receive
        {Ref, Answer} -> demonitor(Ref, [flush]), Answer;
        {'DOWN', Ref, process, Scribe, _} -> exit(no_scribe)
    end.

note(Scribe, Line) -> ask(Scribe, {note, text(Line)}).

text(Line) -> lists:flatten([case Part of P when is_atom(P) -> atom_to_list(P); P -> P end
                             || Part <- case io_lib:char_list(Line) of true -> [Line]; _ -> Line end]).

scribe(#{lines := Lines, moods := Moods, pids := Pids, during := During} = State) ->
    receive
        {Ref, From, Question} ->
            {Answer, Next} = case Question of
                lines -> {Lines, State};
                count -> {length(Lines), State};
                %% Answers are told when all is quiet again, first to what was asked first.
                {answer, Line} -> {ok, State#{answer := [Line]}};
                {aside, Line} ->
                    #{asides := Asides, asking := Asking} = State,
                    {ok, State#{asides := [Line | Asides], asking := Asking - 1}};
                asks -> {ok, State#{asking := maps:get(asking, State) + 1}};
                asking -> {maps:get(asking, State), State};
                answers ->
                    #{answer := Own, asides := Others} = State,
                    {ok, State#{lines := Others ++ Own ++ Lines, answer := [], asides := []}};
                {note, Line} -> {ok, State#{lines := [Line | Lines]}};
                {pid, Id} ->
                    {case maps:get(Id, Pids, undefined) of
                         undefined -> undefined;
                         Pid -> case is_process_alive(Pid) of true -> Pid; false -> undefined end
                     end, State};
                {born, Id, Pid} -> {ok, State#{pids := Pids#{Id => Pid}}};
                {mood, Id, Mood} -> {ok, State#{moods := Moods#{Id => Mood}}};
                {during, Id, Call} -> {ok, State#{during := During#{Id => Call}}};
                {deaf, Id} -> {maps:get(Id, Moods, well) =:= deaf, State};
                {begins, Id} -> begins(Id, State)
            end,
            From ! {Ref, Answer},
            scribe(Next)
    end.

%% A mood that is {fail, N} or {ignore, N} is for the next N starts; the call goes with the first that fails.
begins(Id, #{moods := Moods, during := During} = State) ->
    case maps:get(Id, Moods, well) of
        {Mood, 1} -> with_call(Mood, Id, During, State#{moods := Moods#{Id => well}});
        {Mood, N} -> with_call(Mood, Id, During, State#{moods := Moods#{Id => {Mood, N - 1}}});
        _ -> {{well, none}, State}
    end.

with_call(fail, Id, During, State) ->
    {{fail, maps:get(Id, During, none)}, State#{during := maps:remove(Id, During)}};
with_call(Mood, _Id, _During, State) -> {{Mood, none}, State}.
